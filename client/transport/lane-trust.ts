import type { Clock } from "./clock.js";

/** In a row, without anything of a batch in between. */
const MOST_LOST = 2;
/** For how long gRPC is used then. */
const WITHOUT_LANE_MS = 60_000;

/** Whether lanes to one server are worth trying: what stands between may let connections through and not what they carry. */
export class LaneTrust {
  readonly #clock: Clock;
  #lost = 0;
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get mayTry(): boolean {
    return this.#clock.now() - this.#failedMs >= WITHOUT_LANE_MS;
  }

  /** A part of a batch has come. */
  carried(): void {
    this.#lost = 0;
  }

  /** One that was open is gone. */
  lost(): void {
    this.#lost++;
    if (this.#lost >= MOST_LOST) this.failed();
  }

  /** One could not be opened. */
  failed(): void {
    this.#lost = 0;
    this.#failedMs = this.#clock.now();
  }
}
