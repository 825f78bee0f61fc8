import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Outcome } from "./run-schedule.js";

/** Outcomes of several commands, in a file with a line of JSON for each: where a machine is not free for long enough for all of them at once. */
export class KeptOutcomes {
  readonly #path: string | undefined;
  readonly #bySeed: Map<number, Outcome>;

  /** `path` undefined: nothing is kept beyond this command. */
  constructor(path: string | undefined) {
    this.#path = path;
    const lines = path !== undefined && existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    const former = lines.filter(Boolean).map((line) => JSON.parse(line) as Outcome);
    this.#bySeed = new Map(former.map((outcome) => [outcome.schedule.seed, outcome]));
  }

  /** The last one of each seed. */
  get all(): readonly Outcome[] {
    return [...this.#bySeed.values()].sort((a, b) => a.schedule.seed - b.schedule.seed);
  }

  add(outcome: Outcome): void {
    this.#bySeed.set(outcome.schedule.seed, outcome);
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(outcome)}\n`);
  }
}
