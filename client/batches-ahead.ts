import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { SentAhead } from "./transport/messages.js";

/**
 * Batches that the transport thread has sent before they were asked for. They are read from the port without the event loop, so that
 * a training loop finds them there even if it blocked from one batch to the next. At most one of them will be delivered; a change of
 * stage makes it useless, and then it is freed here.
 */
export class BatchesAhead implements Disposable {
  readonly #port: MessagePort;
  readonly #free: (memory: ArrayBuffer) => void;
  /** In step order; of one step the newest last. */
  #sent: SentAhead[] = [];

  /** `free` gives back the memory of a batch that nobody gets. */
  constructor(port: MessagePort, free: (memory: ArrayBuffer) => void) {
    this.#port = port;
    this.#free = free;
  }

  /** The batch of `step` that was sent last; undefined where none was. */
  take(step: number): SentAhead | undefined {
    this.freeBefore(step);
    return this.#sent[0]?.batch.step === step ? this.#sent.shift() : undefined;
  }

  /** Frees those of steps before `step`, and of every other step all but the newest. */
  freeBefore(step: number): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port))
      this.#sent.push(next.message as SentAhead);
    const kept: SentAhead[] = [];
    for (const [index, sent] of this.#sent.entries()) {
      const isNewest = this.#sent[index + 1]?.batch.step !== sent.batch.step;
      if (sent.batch.step >= step && isNewest) kept.push(sent);
      else this.#free(sent.batch.buffer);
    }
    this.#sent = kept;
  }

  [Symbol.dispose](): void {
    this.freeBefore(Number.POSITIVE_INFINITY);
    this.#port.close();
  }
}
