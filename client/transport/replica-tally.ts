import type { Clock } from "./clock.js";
import type { ReceivedBatch } from "./messages.js";

/** How much the batches before a batch count less with each one after it: the last ten or so make the mean. */
const FADE = 0.9;

/** What has come of one replica since the client was opened, over all of its streams. */
export class ReplicaTally {
  readonly #clock: Clock;
  batches = 0;
  bytes = 0;
  sharedBatches = 0;
  damagedBatches = 0;
  /** Batches that were asked of others since it was silent, or its stream was lost. */
  failovers = 0;
  #heardMs: number | undefined;
  #isSilent = false;
  #served: { readonly weight: number; readonly ms: number } = { weight: 0, ms: 0 };
  #failure: { readonly message: string; readonly atMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has come from it. */
  heard(): void {
    this.#heardMs = this.#clock.now();
    this.#isSilent = false;
  }

  /** It has not been heard of for longer than what it owes should take. */
  fellSilent(): void {
    this.#isSilent = true;
  }

  /** It fell silent, and nothing has come from it since. It may owe nothing any more: others have sent it. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  received({ buffer, isShared, servedUs }: ReceivedBatch): void {
    this.batches++;
    this.bytes += buffer.byteLength;
    if (isShared) this.sharedBatches++;
    if (servedUs === undefined) return;
    const { weight, ms } = this.#served;
    this.#served = { weight: FADE * weight + 1, ms: FADE * ms + servedUs / 1000 };
  }

  failed(message: string): void {
    this.#failure = { message, atMs: this.#clock.now() };
  }

  /** Milliseconds since something came from it; undefined where nothing has. */
  get heardMs(): number | undefined {
    return this.#heardMs === undefined ? undefined : this.#clock.now() - this.#heardMs;
  }

  /** Milliseconds of its own time for a batch, mean of the last ones; undefined where it does not say. */
  get servedMs(): number | undefined {
    return this.#served.weight === 0 ? undefined : this.#served.ms / this.#served.weight;
  }

  /** What its stream was lost by last, or why it refuses. */
  get failure(): { readonly message: string; readonly ageMs: number } | undefined {
    if (this.#failure === undefined) return undefined;
    const { message, atMs } = this.#failure;
    return { message, ageMs: this.#clock.now() - atMs };
  }
}
