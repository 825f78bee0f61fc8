import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type LockOptions, lockFolder } from "../../disk/process-lock.js";
import { UNFINISHED_PREFIX } from "../../disk/write-file.js";

/** Held by the process that trains in a run's folder. */
export const RUN_LOCK: LockOptions = {
  name: ".process-lock",
  doing: "still takes a step of this training",
  hint: "Try again when it has ended",
};

/** Throws UNAVAILABLE while a process trains in `folder`. A trainer that was killed may have left one that is about to end. */
export function checkNobodyTrains(folder: string): void {
  lockFolder(folder, RUN_LOCK)[Symbol.dispose]();
}

/** Removes what writers that were killed left half-written in `folder`. For who holds the lock. */
export function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.startsWith(UNFINISHED_PREFIX)) rmSync(join(folder, name), { force: true });
}
