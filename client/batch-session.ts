import type { StageProposal } from "../plan/batch/stage-timeline.js";
import { BatchesAhead } from "./batches-ahead.js";
import type { OpenedSession, ReceivedBatch } from "./transport/messages.js";
import type { Transport } from "./transport/transport.js";
import type { StageChanged } from "./types.js";

export interface BatchSessionOptions {
  readonly transport: Transport;
  /** The cell of `SessionRequest`. */
  readonly firstUnwanted: Uint32Array;
  /** Gives back the memory of a batch that nobody gets. */
  readonly free: (memory: ArrayBuffer) => void;
}

/** The main thread's end of one session of the transport thread: hands its batches out in step order. */
export class BatchSession implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #session: number;
  readonly #ahead: BatchesAhead;
  readonly #firstUnwanted: Uint32Array;
  /** A stage was decided since a batch was asked for: what was sent ahead may be of another stage than its step has now. */
  #isStageNews = false;

  constructor({ session, ahead }: OpenedSession, { transport, firstUnwanted, free }: BatchSessionOptions) {
    this.#transport = transport;
    this.#firstUnwanted = firstUnwanted;
    this.#session = session;
    this.#ahead = new BatchesAhead(ahead, free);
  }

  /** The batch of `step`, the next in order, where it was sent ahead and its stage still counts: no other thread is waited for. */
  nextAhead(step: number): ReceivedBatch | undefined {
    if (this.#isStageNews) return undefined;
    const sent = this.#ahead.take(step);
    if (sent === undefined) return undefined;
    // The transport thread, which has nothing of this session to do until it hears of the delivery, will say the same.
    Atomics.store(this.#firstUnwanted, 0, sent.firstUnwanted);
    this.#transport.delivered({ session: this.#session, delivered: step });
    return sent.batch;
  }

  /** The batch of `step`, the next in order, when it is there. Throws what the session failed with, DEADLINE, or why `signal` aborted. */
  async next(step: number, signal: AbortSignal | undefined): Promise<ReceivedBatch> {
    this.#isStageNews = false;
    const answer = await this.#transport.call("take", { session: this.#session, step }, signal);
    const batch = answer === "ahead" ? this.#ahead.take(step)?.batch : answer;
    this.#ahead.freeBefore(step + 1);
    if (batch === undefined) throw new RangeError(`the batch of step ${step} was sent ahead and is not there`);
    return batch;
  }

  /** Decides a stage; the next batch is asked for, so that the transport thread says which one counts. */
  async changeStage(proposal: StageProposal, signal: AbortSignal | undefined): Promise<StageChanged> {
    this.#isStageNews = true;
    return this.#transport.call("changeStage", { session: this.#session, proposal }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ahead[Symbol.dispose]();
    await this.#transport.call("closeSession", { session: this.#session }).catch(() => {});
  }
}
