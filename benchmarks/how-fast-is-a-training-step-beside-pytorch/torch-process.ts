import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Zyx } from "../../plan/index.js";

const SCRIPT = fileURLToPath(
  new URL("../../../benchmarks/how-fast-is-a-training-step-beside-pytorch/torch_step.py", import.meta.url),
);

/** What is trained, in the words of `torch_step.py`. */
export interface TorchCase {
  readonly network: string;
  readonly features: readonly number[];
  readonly blocks: readonly number[];
  readonly classes: number;
  readonly batchSize: number;
  readonly patchSize: Zyx;
}

/** Milliseconds of one step; processor time is that of all threads together. */
export interface Timed {
  readonly wallMs: number;
  readonly processorMs: number;
}

/** PyTorch in a process of its own, which takes a step when it is told to. */
export class TorchProcess implements Disposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string) {
    this.#child = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Builds a network. Resolves to the number of its parameters and PyTorch's version. */
  build(one: TorchCase, threads: number): Promise<{ parameters: number; torch: string }> {
    return this.#ask({ case: one, threads });
  }

  step(): Promise<Timed> {
    return this.#ask({});
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
  }

  async #ask<Answer>(question: object): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("PyTorch's process ended; what it said is above");
    return JSON.parse(value) as Answer;
  }
}
