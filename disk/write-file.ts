import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { PatchstreamError } from "../plan/errors.js";
import { whyNotWritten } from "./file-faults.js";

/** Stores, runs and checkpoints hold patient data: what is written is for its owner alone. */
export const OWNER_ONLY_FILE = 0o600;
export const OWNER_ONLY_FOLDER = 0o700;

/** Begins the names of files that are being written; those of a process that was killed may be removed. */
export const UNFINISHED_PREFIX = ".unfinished-";

/** What a file consists of: text, or pieces written one after the other. */
export type Content = string | Iterable<Uint8Array>;

/** Files by name, in the order in which they appear. */
export type Files = readonly (readonly [name: string, content: Content])[];

/** Makes a folder, and those above it, where they are missing. Throws WRITE_FAILED. */
export function makeFolder(path: string): void {
  reportingFailure(path, () => makeMissing(path));
}

/** Why there is no folder where one is needed. */
class NoFolder extends Error {
  readonly path: string;
  readonly reason: string;

  /** `reason` is what is said where this very path was to be written, `asOther` where a file below it was. */
  constructor(path: string, reason: string, asOther: string) {
    super(asOther);
    this.path = path;
    this.reason = reason;
  }
}

/** One folder after the other: `recursive` never returns where a folder cannot be made, as below /proc (Node 20). */
function makeMissing(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw new NoFolder(path, "it is a file, not a folder", `${path} is a file, not a folder`);
  makeMissing(dirname(path));
  try {
    mkdirSync(path, { mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return; // another process has made it meanwhile
    // The folder above is there: the file system has no room for others, as that of /proc.
    if (code === "ENOENT") throw new NoFolder(path, "no folder can be made there", `no folder can be made at ${path}`);
    throw error;
  }
}

/**
 * Writes a new file and syncs it to disk. Throws WRITE_FAILED naming `finalPath`, what the file is to become, also where it exists;
 * nothing is left then.
 */
export function writeNewFile(path: string, content: Content, finalPath = path): void {
  reportingFailure(finalPath, () => {
    makeMissing(dirname(path));
    const file = openSync(path, "wx", OWNER_ONLY_FILE);
    let isWhole = false;
    try {
      for (const part of typeof content === "string" ? [Buffer.from(content)] : content)
        for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      fsyncSync(file);
      isWhole = true;
    } finally {
      closeSync(file);
      if (!isWhole) rmSync(path, { force: true });
    }
  });
}

/** Puts `content` in place of the file at `path` in one step: a reader sees the old file or the new one, whole. Throws WRITE_FAILED. */
export function replaceFile(path: string, content: Content): void {
  replaceFiles([[path, content]]);
}

function temporaryName(path: string): string {
  return join(dirname(path), `${UNFINISHED_PREFIX}${process.pid}-${basename(path)}`);
}

/** Throws WRITE_FAILED for a device, a pipe or a socket, as /dev/null and /dev/stdout: a file in its place would take it from everybody. */
function checkReplaceable(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const isOpenFile = found?.isFile() && lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith("/proc/");
  if (found === undefined || found.isDirectory() || (found.isFile() && !isOpenFile)) return;
  const facts = { code: "WRITE_FAILED", file: path, reason: "it is a device, a pipe or a socket, not a file" } as const;
  throw new PatchstreamError(facts, "Name a file.");
}

/** Makes what a file needs before it is written under its temporary name. Throws WRITE_FAILED. */
function makeReady(path: string): void {
  reportingFailure(path, () => {
    makeMissing(dirname(path));
    checkReplaceable(path);
    rmSync(temporaryName(path), { force: true });
  });
}

/**
 * Replaces several files: all are on disk under temporary names before the first is renamed, so that a failure to write one
 * leaves everything as it was. Throws WRITE_FAILED naming the file.
 */
export function replaceFiles(files: Files): void {
  try {
    for (const [path, content] of files) {
      makeReady(path);
      writeNewFile(temporaryName(path), content, path);
    }
    for (const [path] of files) moveIntoPlace(temporaryName(path), path);
  } catch (error) {
    for (const [path] of files) discard(temporaryName(path));
    throw error;
  }
}

/**
 * Puts what `pieces` gives in place of the file at `path`, once `check` has found the file under its temporary name good; whatever fails,
 * what was there before stays as it was. Resolves to its size in bytes. Throws WRITE_FAILED, and what `pieces` and `check` throw.
 */
export async function replaceFileFrom(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  check: (temporary: string) => Promise<void>,
): Promise<number> {
  const temporary = temporaryName(path);
  makeReady(path);
  try {
    const file = reportingFailure(path, () => openSync(temporary, "wx", OWNER_ONLY_FILE));
    let bytes = 0;
    try {
      for await (const piece of pieces)
        reportingFailure(path, () => {
          for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
          bytes += piece.length;
        });
      reportingFailure(path, () => fsyncSync(file));
    } finally {
      closeSync(file);
    }
    await check(temporary);
    moveIntoPlace(temporary, path);
    return bytes;
  } catch (error) {
    discard(temporary);
    throw error;
  }
}

/** Removes a file where that can be done: what made it useless is reported already. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

/** Renames a finished file or folder to its final name and syncs the folder that holds it. Throws WRITE_FAILED. */
export function moveIntoPlace(temporary: string, path: string): void {
  reportingFailure(path, () => {
    renameSync(temporary, path);
    syncFolder(dirname(path));
  });
}

/** Makes the folder's entries durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** WRITE_FAILED for what the system answered to a write to `file`; any other error as it is. */
export function reportingFailure<Value>(file: string, write: () => Value): Value {
  try {
    return write();
  } catch (error) {
    if (error instanceof NoFolder) {
      const reason = error.path === file ? error.reason : error.message;
      throw new PatchstreamError({ code: "WRITE_FAILED", file, reason });
    }
    if (error instanceof PatchstreamError || !(error instanceof Error && "code" in error)) throw error;
    throw new PatchstreamError({ code: "WRITE_FAILED", file, reason: whyNotWritten(error) }, undefined, {
      cause: error,
    });
  }
}
