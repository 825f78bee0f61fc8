import { randomUUID } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PatchstreamError } from "../plan/errors.js";
import { hasEnded, isEarlierStart, ownSlurmJob, type SlurmJob } from "./slurm-job.js";
import { makeFolder, replaceFile, writeNewFile } from "./write-file.js";

/** Who holds a lock; `null` once it was given back. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells processes apart that had the same id one after the other, also over a restart of the machine or container. */
  readonly startedAt: string;
  /** Tells a node that has failed from one that still works. */
  readonly job?: SlurmJob;
}

export interface LockOptions {
  /** Beginning of the lock files' names; a number follows. */
  readonly name: string;
  /** Completes "process 12 on HOST ...". */
  readonly doing: string;
  /** What the user can do, before "or delete FILE if that process is gone". */
  readonly hint: string;
}

/**
 * Holds a folder, made where missing, for this process until disposed. Throws UNAVAILABLE while another process has it; the
 * lock of a process that was killed is taken over, by exactly one.
 *
 * The lock is the file with the highest number. Taking it over means linking the next number, which only one process can do,
 * with its content already on disk; a process that then finds a still higher number was too late. The last file stays when the lock
 * is given back, since numbers must never be used twice.
 */
export function lockFolder(folder: string, { name, doing, hint }: LockOptions): Disposable {
  makeFolder(folder);
  const file = (number: number) => join(folder, `${name}.${number}`);
  const proposal = join(folder, `${name}.proposal-${randomUUID()}`);
  const job = ownSlurmJob(process.env);
  const startedAt = startOf(process.pid) as string;
  const mine: Holder = { pid: process.pid, host: hostname(), startedAt, ...(job !== undefined && { job }) };
  writeNewFile(proposal, JSON.stringify(mine), join(folder, name));
  try {
    for (;;) {
      const last = Math.max(0, ...numbers(folder, name));
      const holder = last === 0 ? undefined : readHolder(file(last));
      if (holder !== undefined && isAlive(holder, mine))
        throw held(folder, holder, { doing, hint: `${hint}, or delete ${file(last)} if that process is gone.` });
      const taken = last + 1;
      if (!tryLink(proposal, file(taken))) continue;
      const all = numbers(folder, name);
      if (Math.max(...all) > taken) {
        rmSync(file(taken), { force: true });
        continue;
      }
      for (const number of all) if (number < taken) rmSync(file(number), { force: true });
      return { [Symbol.dispose]: () => replaceFile(file(taken), "null") };
    }
  } finally {
    rmSync(proposal, { force: true });
  }
}

function numbers(folder: string, name: string): number[] {
  const found = readdirSync(folder).map((entry) => (entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : ""));
  return found.filter((text) => /^[1-9]\d{0,14}$/.test(text)).map(Number);
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

/** Undefined for a lock that was given back, was removed meanwhile, or says nothing: a full disk or a crash can leave that. */
function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder> | null;
    const { pid, host, startedAt, job } = holder ?? {};
    return typeof pid === "number" && typeof host === "string" && typeof startedAt === "string"
      ? { pid, host, startedAt, ...(isJob(job) && { job }) }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isJob(job: Partial<SlurmJob> | undefined): job is SlurmJob {
  return typeof job?.id === "string" && typeof job.restarts === "number";
}

/** Whether a process of this machine has that id. */
export function isRunning(pid: number): boolean {
  return startOf(pid) !== undefined;
}

/**
 * A process of another host counts as alive, since nobody here can know, unless it was part of our own job before that was started again, or of
 * a job that has ended.
 */
function isAlive({ pid, host, startedAt, job }: Holder, mine: Holder): boolean {
  if (job !== undefined && mine.job !== undefined && isEarlierStart(job, mine.job)) return false;
  if (host !== mine.host) return job === undefined || !hasEnded(job);
  const started = startOf(pid);
  return started !== undefined && (started === startedAt || started === UNKNOWN_START);
}

const UNKNOWN_START = "unknown";

/**
 * When a process of this machine began: undefined where there is none of that id. On Linux the boot and the clock tick since
 * then (proc(5), field 22 of /proc/PID/stat); elsewhere only our own start is known.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return undefined; // it has ended, and its parent has not asked how
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${fields[19]}`;
  } catch {
    if (pid === process.pid) return String(performance.timeOrigin);
  }
  try {
    process.kill(pid, 0);
    return UNKNOWN_START;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? undefined : UNKNOWN_START;
  }
}

function held(
  folder: string,
  { pid, host }: Holder,
  { doing, hint }: { doing: string; hint: string },
): PatchstreamError {
  return new PatchstreamError(
    { code: "UNAVAILABLE", address: folder, reason: `process ${pid} on ${host} ${doing}` },
    hint,
  );
}
