import { readFile } from "node:fs/promises";

/** Largest resident set so far of a process, in MiB; 0 for one that has gone. Linux. */
export async function peakMib(process: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}
