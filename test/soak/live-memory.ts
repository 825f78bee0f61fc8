import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memoryUsage, pid } from "node:process";
import { threadId } from "node:worker_threads";

/**
 * Loaded into each process and thread of a soak (`node --expose-gc --import`): collects garbage now and then, and writes what is left to a file of
 * its own. RSS alone cannot tell a leak from a heap that has not been collected yet.
 */
const EVERY_MS = 10_000;

const folder = process.env.SOAK_LIVE;
if (folder !== undefined) {
  const file = join(folder, `${pid}-${threadId}`);
  setInterval(() => {
    globalThis.gc?.();
    const { heapUsed, external } = memoryUsage(); // external holds array buffers too
    writeFileSync(`${file}.new`, String(heapUsed + external));
    renameSync(`${file}.new`, file);
  }, EVERY_MS).unref();
}
