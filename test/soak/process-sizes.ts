import { readdirSync, readFileSync } from "node:fs";

/** What a process holds (Linux). */
export interface ProcessSize {
  readonly rssMiB: number;
  readonly descriptors: number;
}

/** Undefined where there is no such process. */
export function processSize(pid: number): ProcessSize | undefined {
  try {
    const [, kib = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return { rssMiB: Number(kib) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

/** Processes that a process has started, and that still are. */
export function childrenOf(pid: number): readonly number[] {
  const words = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return words.filter(Boolean).map(Number);
}
