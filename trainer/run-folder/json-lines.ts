import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { OWNER_ONLY_FILE, reportingFailure } from "../../disk/write-file.js";
import { PatchstreamError } from "../../plan/errors.js";

const NEWLINE = 0x0a;
const BLOCK_BYTES = 1 << 16;
/** Far more than any entry that we write. */
const LONGEST_LINE_BYTES = 1 << 24;

function damaged(file: string, reason: string, cause?: unknown): PatchstreamError {
  return new PatchstreamError(
    { code: "INPUT_DAMAGED", file, reason, want: "one JSON document a line" },
    undefined,
    cause === undefined ? {} : { cause },
  );
}

/** The entry on one line. Throws INPUT_DAMAGED naming `file` and `where`. */
export function parseJsonLine<Entry>(line: string, file: string, where: string): Entry {
  try {
    return JSON.parse(line) as Entry;
  } catch (cause) {
    throw damaged(file, `${where} does not parse`, cause);
  }
}

/**
 * The entries of an append-only file of JSON lines; none when there is no file. A last line without its newline was being
 * written when the process ended: nothing rested on it, and it is left out. Throws INPUT_DAMAGED for any other bad line.
 */
export function readJsonLines<Entry>(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.slice(0, -1).map((line, index) => parseJsonLine<Entry>(line, file, `line ${index + 1}`));
}

/** Where the last newline before `end` lies; -1 when there is none. */
function newlineBefore(descriptor: number, end: number): number {
  const block = Buffer.alloc(Math.min(end, BLOCK_BYTES));
  for (let to = end; to > 0; ) {
    const length = Math.min(to, block.length);
    const read = block.subarray(0, readSync(descriptor, block, 0, length, to - length));
    const at = read.lastIndexOf(NEWLINE);
    if (at >= 0) return to - length + at;
    to -= length;
  }
  return -1;
}

/** The last whole entry of a file of JSON lines; undefined when there is none. Reads no more than the file's end. */
export function readLastJsonLine<Entry>(file: string): Entry | undefined {
  const descriptor = openSync(file, "r");
  try {
    const end = newlineBefore(descriptor, fstatSync(descriptor).size);
    if (end < 0) return undefined;
    const begin = newlineBefore(descriptor, end) + 1;
    if (end - begin > LONGEST_LINE_BYTES) throw damaged(file, `its last line has ${end - begin} bytes`);
    const line = Buffer.alloc(end - begin);
    readSync(descriptor, line, 0, line.length, begin);
    return parseJsonLine<Entry>(line.toString(), file, "its last line");
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a file of JSON lines for appending, made where there is none: a last line without its newline is cut off. Throws
 * WRITE_FAILED.
 */
export function prepareJsonLines(file: string): void {
  reportingFailure(file, () => {
    const descriptor = openSync(file, "a+", OWNER_ONLY_FILE);
    try {
      const { size } = fstatSync(descriptor);
      const end = newlineBefore(descriptor, size) + 1;
      if (end < size) ftruncateSync(descriptor, end);
    } finally {
      closeSync(descriptor);
    }
  });
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
