import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./process-lock.js";
import { reportingFailure, UNFINISHED_PREFIX } from "./write-file.js";

/** The temporary name of a file that a process writes: its id, and what the file is to be called. */
const UNFINISHED = new RegExp(`^${UNFINISHED_PREFIX.replaceAll(".", "\\.")}(\\d+)-(.+)$`);

/**
 * Removes what processes that have ended left half-written in `folder`, of files that `isOurs` says by the name they were to have. Those
 * of a living process of this machine stay. Throws WRITE_FAILED.
 */
export function removeLeftBehind(folder: string, isOurs: (name: string) => boolean): void {
  reportingFailure(folder, () => {
    for (const name of readdirSync(folder)) {
      const [, pid, finished] = UNFINISHED.exec(name) ?? [];
      if (finished !== undefined && isOurs(finished) && !isRunning(Number(pid)))
        rmSync(join(folder, name), { force: true });
    }
  });
}
