import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { OWNER_ONLY_FILE, replaceFile, reportingFailure } from "../../disk/write-file.js";
import { PatchstreamError } from "../../plan/errors.js";

/**
 * The entries of an append-only file of JSON lines; none when there is no file. A last line without its newline was being
 * written when the process ended: nothing rested on it, and it is cut off. Throws INPUT_DAMAGED for any other bad line.
 */
export function readJsonLines<Entry>(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  return whole
    .split("\n")
    .slice(0, -1)
    .map((line, index) => {
      try {
        return JSON.parse(line) as Entry;
      } catch (cause) {
        throw new PatchstreamError(
          { code: "INPUT_DAMAGED", file, reason: `line ${index + 1} does not parse`, want: "one JSON document a line" },
          undefined,
          { cause },
        );
      }
    });
}

const TAIL_BYTES = 1 << 16;

/** The last whole entry of a file of JSON lines, if it is shorter than 64 KiB; undefined when there is none. */
export function readLastJsonLine<Entry>(file: string): Entry | undefined {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    const line = tail.toString().split("\n").at(-2);
    return line === undefined ? undefined : (JSON.parse(line) as Entry);
  } finally {
    closeSync(descriptor);
  }
}

const encode = (entries: readonly unknown[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

/**
 * Appends entries to a file of JSON lines, made where there is none; with `durable`, they are on disk when this returns. Throws
 * WRITE_FAILED, and none of them is in the file.
 */
export function appendJsonLines(file: string, entries: readonly unknown[], { durable }: { durable: boolean }): void {
  reportingFailure(file, () => {
    const descriptor = openSync(file, "a", OWNER_ONLY_FILE);
    const { size } = fstatSync(descriptor);
    try {
      writeFileSync(descriptor, encode(entries));
      if (durable) fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, size);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Replaces a file of JSON lines in one step. Throws WRITE_FAILED, and the file is as it was. */
export function replaceJsonLines(file: string, entries: readonly unknown[]): void {
  replaceFile(file, encode(entries));
}
