import type { StageChanged } from "../../client/types.js";

/** What to do where a stage is asked of a training that is over. */
export const AFTER_ITS_END = "patchstream trainings says how it ended.";

/** A manual transition as it is asked for. */
export interface AskedStage {
  /** Absent: the stage after the one that `fromStep` would have. */
  readonly stage: number | undefined;
  /** Absent: the first step not wanted yet. */
  readonly fromStep: number | undefined;
  /** The stage holds to the end, whatever the schedule says. */
  readonly hold: boolean;
}

/** A manual transition that somebody waits for. */
export interface StageRequest extends AskedStage {
  resolve(changed: StageChanged): void;
  reject(error: unknown): void;
}

/** Requests on their way to the loop, which answers them between two steps. */
export class StageRequests {
  #waiting: StageRequest[] = [];
  #closed: { readonly reason: unknown } | undefined;

  /** Refused at once when no step follows any more. */
  add(request: StageRequest): void {
    if (this.#closed) request.reject(this.#closed.reason);
    else this.#waiting.push(request);
  }

  /** Hands over the requests that came since the last call. */
  take(): StageRequest[] {
    return this.#waiting.splice(0);
  }

  /** Refuses those that wait, and all that come. */
  close(reason: unknown): void {
    this.#closed = { reason };
    for (const { reject } of this.take()) reject(reason);
  }
}
