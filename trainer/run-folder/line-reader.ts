import type { FileHandle } from "node:fs/promises";

const READ_BYTES = 1 << 16;

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
    const bytes = Buffer.concat([this.#unfinished, this.#block.subarray(0, bytesRead)]);
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
}
