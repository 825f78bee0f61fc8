import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PatchstreamError } from "../plan/index.js";

/** Files by name, in the order in which they are to appear. */
export type Files = readonly (readonly [name: string, bytes: Uint8Array | string])[];

/**
 * Writes `files` into `folder`, which is made where missing: each under a temporary name first, and renamed once all of
 * them are on disk, so that a failure leaves what was there. Throws WRITE_FAILED naming the file.
 */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  const temporary = (name: string) => join(folder, `.${name}.${process.pid}.tmp`);
  let file = folder;
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of files) {
      file = join(folder, name);
      await using written = await open(temporary(name), "w");
      await written.writeFile(bytes);
      await written.sync();
    }
    for (const [name] of files) {
      file = join(folder, name);
      await rename(temporary(name), file);
    }
  } catch (error) {
    await Promise.all(files.map(([name]) => rm(temporary(name), { force: true }).catch(() => undefined)));
    const reason = error instanceof Error ? error.message : String(error);
    throw new PatchstreamError({ code: "WRITE_FAILED", file, reason }, undefined, { cause: error });
  }
}
