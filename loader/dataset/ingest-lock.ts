import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import { writeFile } from "./write-file.js";

const LOCK = ".ingest-lock";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began (ms since 1970), since process ids come round again. */
  readonly startedMs: number;
}

/**
 * Holds the only right to write into the store `path`. Throws UNAVAILABLE while another process has it; a dead one's
 * is taken over.
 */
export function lockStore(path: string): Disposable {
  const lock = join(path, LOCK);
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    startedMs: performance.timeOrigin,
  } satisfies Holder);
  const proposal = `${lock}.${randomUUID()}`;
  writeFile(proposal, [Buffer.from(mine)]);
  try {
    if (!tryLink(proposal, lock)) {
      removeAbandoned(path, lock);
      if (!tryLink(proposal, lock)) throw held(path, lock);
    }
  } finally {
    rmSync(proposal);
  }
  return { [Symbol.dispose]: () => rmSync(lock, { force: true }) };
}

function tryLink(proposal: string, lock: string): boolean {
  try {
    linkSync(proposal, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the lock of a process that is gone. It is renamed first and read again under its new name: had another process taken
 * the lock over in between, that one's lock is put back.
 */
function removeAbandoned(path: string, lock: string): void {
  if (!isAbandoned(lock)) throw held(path, lock);
  const taken = `${lock}.taken.${process.pid}`;
  renameSync(lock, taken);
  const wrong = !isAbandoned(taken);
  if (wrong) tryLink(taken, lock);
  rmSync(taken);
  if (wrong) throw held(path, lock);
}

function isAbandoned(lock: string): boolean {
  const { pid, host, startedMs } = JSON.parse(readFileSync(lock, "utf8")) as Holder;
  if (host !== hostname()) return false;
  if (pid === process.pid) return startedMs !== performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function held(path: string, lock: string): PatchstreamError {
  const { pid, host } = JSON.parse(readFileSync(lock, "utf8")) as Holder;
  const reason = `process ${pid} on ${host} is writing this store`;
  return new PatchstreamError(
    { code: "UNAVAILABLE", address: path, reason },
    `Wait for it, or delete ${LOCK} if it is gone.`,
  );
}
