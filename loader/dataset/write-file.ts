import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";

/** Writes `parts` one after the other into a new file and syncs it to disk. Throws WRITE_FAILED naming the file. */
export function writeFile(path: string, parts: Iterable<Uint8Array>): void {
  reportingFailure(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, "wx");
    try {
      for (const part of parts) {
        for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

/** Puts `text` in place of the file at `path` in one step: a reader sees the old file or the new one, whole. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  writeFile(temporary, [Buffer.from(text)]);
  moveIntoPlace(temporary, path);
}

/** Renames a finished file or folder to its final name and syncs the folder that holds it. */
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

function reportingFailure(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (error instanceof PatchstreamError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PatchstreamError({ code: "WRITE_FAILED", file, reason }, undefined, { cause: error });
  }
}
