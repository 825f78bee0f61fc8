import type { Messages } from "../../proto/messages.js";
import type { Clock } from "./clock.js";

/** How often the servers are told. */
const TELL_MS = 1_000;
/** A step so many times longer than the longest of those before is a pause: validation, a checkpoint. */
const PAUSE = 10;
/** How the longest is forgotten, step by step: in some eighty steps it is a tenth. */
const FORGETTING = 0.97;
const MOST_US = 2 ** 32 - 1;

/** How fast a trainer goes, from when it asks for its batches and when it gets them. */
export class TrainerPace {
  readonly #clock: Clock;
  readonly #credit: number;
  #toldMs: number;
  #askedMs = 0;
  #gotMs: number | undefined;
  #longestMs: number | undefined;
  #sums = { steps: 0, stepMs: 0, waitedMs: 0, served: 0, servedUs: 0 };

  /** `creditBatches`: how many batches are wanted ahead, and so how many servers can be busy at once. */
  constructor(clock: Clock, creditBatches: number) {
    this.#clock = clock;
    this.#credit = creditBatches;
    this.#toldMs = clock.now();
  }

  /** The trainer asks for its next batch. */
  asked(): void {
    this.#askedMs = this.#clock.now();
    if (this.#gotMs === undefined) return;
    const stepMs = this.#askedMs - this.#gotMs;
    const longestMs = this.#longestMs ?? stepMs;
    this.#longestMs = Math.max(stepMs, FORGETTING * longestMs);
    if (stepMs > PAUSE * longestMs) return;
    this.#sums.steps++;
    this.#sums.stepMs += stepMs;
  }

  /** It gets it. */
  got(): void {
    this.#gotMs = this.#clock.now();
    this.#sums.waitedMs += this.#gotMs - this.#askedMs;
  }

  /** A batch has come; `servedUs`: of its server's time, where that says it. */
  served(servedUs: number | undefined): void {
    if (servedUs === undefined) return;
    this.#sums.served++;
    this.#sums.servedUs += servedUs;
  }

  /** What is to be told now: nothing too soon, and nothing where there was no step or no server says what its time is. */
  due(): Messages["Pace"] | undefined {
    const now = this.#clock.now();
    const { steps, stepMs, waitedMs, served, servedUs } = this.#sums;
    if (now - this.#toldMs < TELL_MS || steps === 0 || served === 0) return undefined;
    this.#toldMs = now;
    this.#sums = { steps: 0, stepMs: 0, waitedMs: 0, served: 0, servedUs: 0 };
    const meanServedUs = servedUs / served;
    const whole = (us: number) => Math.min(MOST_US, Math.round(us));
    return {
      // More servers than batches are wanted ahead could not help.
      stepUs: whole(Math.max((1e3 * stepMs) / steps, meanServedUs / this.#credit)),
      waitedUs: whole((1e3 * waitedMs) / steps),
      servedUs: whole(meanServedUs),
    };
  }
}
