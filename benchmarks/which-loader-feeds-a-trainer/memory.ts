import { readdir, readFile } from "node:fs/promises";

/** Proportional set size of every process of a group, from Linux's /proc: a page that n of them share counts 1/n in each. */
export async function groupMemoryBytes(group: number): Promise<number> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const sizes = await Promise.all(processes.map((id) => memberMemoryBytes(id, group)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function memberMemoryBytes(id: string, group: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${id}/stat`, "utf8");
    const [, , memberOf] = status.slice(status.lastIndexOf(")") + 2).split(" ");
    if (Number(memberOf) !== group) return 0;
    const [, kibibytes] = /^Pss:\s+(\d+) kB/m.exec(await readFile(`/proc/${id}/smaps_rollup`, "utf8")) ?? [];
    return Number(kibibytes ?? 0) * 1024;
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return 0; // gone, or another user's
    throw error;
  }
}
