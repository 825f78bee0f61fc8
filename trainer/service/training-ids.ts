import { randomBytes } from "node:crypto";

/** Sorts by time, tells the time, and is no path: 20261123-173207-482-5f1c. */
function idAt(ms: number): string {
  const [date, time, fraction] = new Date(ms).toISOString().replace(/[-:Z]/g, "").split(/[T.]/);
  return `${date}-${time}-${fraction}-${randomBytes(2).toString("hex")}`;
}

/** Makes ids of trainings: those that are started in one millisecond keep their order. */
export class TrainingIds {
  #lastMs = 0;

  next(): string {
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    return idAt(this.#lastMs);
  }
}
