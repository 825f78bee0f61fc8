import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";

const LOCK = ".trainer-lock";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began (ms since 1970), since process ids come round again. */
  readonly startedMs: number;
}

function isGone({ pid, host, startedMs }: Holder): boolean {
  if (host !== hostname()) return false;
  if (pid === process.pid) return startedMs !== performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Holds a runs folder for this process: a training has one writer. Throws UNAVAILABLE while another trainer has it; one that
 * was killed has it no more.
 */
export function lockRuns(folder: string): Disposable {
  const lock = join(folder, LOCK);
  const mine: Holder = { pid: process.pid, host: hostname(), startedMs: performance.timeOrigin };
  const take = () => writeFileSync(lock, JSON.stringify(mine), { flag: "wx" });
  try {
    take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = JSON.parse(readFileSync(lock, "utf8")) as Holder;
    if (!isGone(holder)) {
      const reason = `the trainer of process ${holder.pid} on ${holder.host} uses this runs folder`;
      throw new PatchstreamError(
        { code: "UNAVAILABLE", address: folder, reason },
        `Name another one with --runs, or delete ${LOCK} if that trainer is gone.`,
      );
    }
    rmSync(lock);
    take();
  }
  return { [Symbol.dispose]: () => rmSync(lock, { force: true }) };
}
