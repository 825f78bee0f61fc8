import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What a process holds (Linux). */
export interface ProcessSize {
  readonly rssMiB: number;
  /** What is left of all its threads' heaps and buffers after collecting garbage. Undefined until they have said so. */
  readonly liveMiB: number | undefined;
  readonly descriptors: number;
}

/** A thread that has said nothing for so long has ended. */
const ENDED_MS = 30_000;

/** Undefined where there is no such process. `live` is the folder that `live-memory.ts` writes to. */
export function processSize(pid: number, live: string): ProcessSize | undefined {
  try {
    const [, kib = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    const threads = readdirSync(live).filter(
      (name) =>
        name.startsWith(`${pid}-`) &&
        !name.endsWith(".new") &&
        statSync(join(live, name)).mtimeMs > Date.now() - ENDED_MS,
    );
    const bytes = threads.reduce((sum, name) => sum + Number(readFileSync(join(live, name), "utf8")), 0);
    return {
      rssMiB: Number(kib) / 1024,
      liveMiB: threads.length === 0 ? undefined : bytes / 2 ** 20,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return undefined;
  }
}

/** Processes that a process has started, and that still are. */
export function childrenOf(pid: number): readonly number[] {
  const words = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return words.filter(Boolean).map(Number);
}
