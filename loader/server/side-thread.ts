import { Piscina } from "piscina";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import type { SpecDataset } from "../../plan/run-spec/resolve.js";
import type { PageContent, Picture } from "../preview/draw-page.js";
import { type ResolvedBytes, resolveBytes } from "./resolve-bytes.js";

/** What a task comes to: facts of errors survive the way between threads, their class does not. */
export type Outcome<Value> =
  | { readonly value: Value }
  | { readonly facts: ErrorFacts; readonly hint: string | undefined };

/** Bytes of a spec up to which resolving it takes less than a few milliseconds, and no thread of its own. */
const LARGE_SPEC_BYTES = 1 << 15;

/** Milliseconds after which a thread without work ends. */
const IDLE_MS = 10_000;

/**
 * Does what takes longer the more a request asks for, in a thread beside the one that answers all calls: a large spec, a picture. One
 * thread, which begins with its first task; tasks wait in line.
 */
export class SideThread implements AsyncDisposable {
  readonly #store: SpecDataset;
  readonly #pool: Piscina;

  constructor(store: SpecDataset) {
    this.#store = store;
    this.#pool = new Piscina({
      filename: new URL("./side-tasks.js", import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      workerData: store,
    });
  }

  /** As `resolveBytes`. */
  async resolve(specBytes: Uint8Array): Promise<ResolvedBytes> {
    if (specBytes.length <= LARGE_SPEC_BYTES) return resolveBytes(specBytes, this.#store);
    return this.#run<ResolvedBytes>("resolve", specBytes);
  }

  /** As `drawPage`. */
  draw(content: PageContent): Promise<Picture> {
    return this.#run<Picture>("draw", content);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.destroy();
  }

  async #run<Value>(name: string, task: unknown): Promise<Value> {
    const outcome = (await this.#pool.run(task, { name })) as Outcome<Value>;
    if ("facts" in outcome) throw new PatchstreamError(outcome.facts, outcome.hint);
    return outcome.value;
  }
}
