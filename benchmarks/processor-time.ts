import { readFile } from "node:fs/promises";

/** Linux counts a process's time for its readers in ticks of 10 ms. */
const TICK_SECONDS = 0.01;

/** Processor seconds that a process and all of its threads have taken so far: utime and stime of proc(5). */
export async function processorSeconds(id: number): Promise<number> {
  const status = await readFile(`/proc/${id}/stat`, "utf8");
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
}
