import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ReaderOrder, Said } from "./reader.js";

const READER = fileURLToPath(new URL("reader.js", import.meta.url));

/** The client of a schedule, in a process of its own. */
export class ReaderProcess implements AsyncDisposable {
  readonly said: Said[] = [];
  /** What it ended with, and what it wrote to standard error. */
  readonly ended: Promise<{ readonly how: string; readonly errors: string }>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #lastStep = -1;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(prefix: readonly string[], order: ReaderOrder, mark: string) {
    const [program = "", ...words] = [...prefix, process.execPath, READER, JSON.stringify(order)];
    const child = spawn(program, words, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PATCHSTREAM_FAULTS: mark },
    });
    this.#process = child;
    child.stdin.on("error", () => {}); // it has ended
    const errors: string[] = [];
    createInterface(child.stderr).on("line", (line) => errors.push(line));
    createInterface(child.stdout).on("line", (line) => {
      const said = JSON.parse(line) as Said;
      this.said.push(said);
      if (said.said === "batch") this.#lastStep = said.step;
      this.#wake();
    });
    this.ended = once(child, "close").then(([code, signal]) => {
      this.#isOver = true;
      this.#wake();
      return { how: String(code ?? signal), errors: errors.join("\n") };
    });
  }

  /** Resolves with true when it has the step, and with false when it ends without. */
  async reached(step: number): Promise<boolean> {
    while (this.#lastStep < step) {
      if (this.#isOver) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#isOver;
  }

  /** It reads the rest as fast as it can. */
  hurry(): void {
    this.#process.stdin.write("hurry\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}
