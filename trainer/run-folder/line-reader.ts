import type { FileHandle } from "node:fs/promises";

const READ_BYTES = 1 << 16;
/** By so many of the bytes read last a file is known again. */
const TAIL_BYTES = 1024;

/** A whole line of a file. */
export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Where it begins in the file, in bytes. */
  readonly begin: number;
}

/** Reads a file that may still grow, a block at a time, and hands out its whole lines. */
export class LineReader {
  readonly #file: FileHandle;
  readonly #block = Buffer.alloc(READ_BYTES);
  #unfinished = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #position = 0;
  #lines = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The lines that end in the next block: none in the midst of a long one, undefined at the end of the file as it is now. */
  async next(): Promise<Line[] | undefined> {
    const { bytesRead } = await this.#file.read(this.#block, 0, READ_BYTES, this.#position);
    if (bytesRead === 0) return undefined;
    let begin = this.#position - this.#unfinished.length;
    this.#position += bytesRead;
    const block = this.#block.subarray(0, bytesRead);
    this.#tail = Buffer.concat([this.#tail, block.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    const bytes = Buffer.concat([this.#unfinished, block]);
    const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
    this.#unfinished = bytes.subarray(whole.length);
    const lines: Line[] = [];
    for (let from = 0; from < whole.length; ) {
      const end = whole.indexOf("\n", from) + 1;
      lines.push({ text: whole.toString("utf8", from, end - 1), number: ++this.#lines, begin });
      begin += end - from;
      from = end;
    }
    return lines;
  }

  /** Whether the file still holds what was read last: not once it was cut there, or written anew. */
  async isUnchanged(): Promise<boolean> {
    const now = Buffer.alloc(this.#tail.length);
    const { bytesRead } = await this.#file.read(now, 0, now.length, this.#position - now.length);
    return bytesRead === now.length && now.equals(this.#tail);
  }
}
