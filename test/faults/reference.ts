import { createHash } from "node:crypto";
import { connect, type DataClient } from "../../client/index.js";
import { type DataServer, serve } from "../../loader/index.js";
import { FAULT_RUN } from "./small-run.js";

/** What each batch must be: as a server of the same store sends it, one call a batch, with nothing wrong anywhere. */
export class Reference implements AsyncDisposable {
  readonly #server: DataServer;
  readonly #client: DataClient;
  readonly #known = new Map<string, Promise<string>>();

  private constructor(server: DataServer) {
    this.#server = server;
    this.#client = connect(server.address);
  }

  static async open(store: string): Promise<Reference> {
    return new Reference(await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 16 << 20 }));
  }

  /** SHA-256 of image and label of a step at a stage. */
  sha256(step: number, stage: number): Promise<string> {
    const key = `${step} ${stage}`;
    const known = this.#known.get(key) ?? this.#ask(step, stage);
    this.#known.set(key, known);
    return known;
  }

  async #ask(step: number, stage: number): Promise<string> {
    const { image, label } = await this.#client.getBatch(FAULT_RUN, { step, stage });
    return createHash("sha256").update(image.bytes).update(label.bytes).digest("hex");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#server.drain();
  }
}
