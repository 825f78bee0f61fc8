import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { machine } from "../../benchmarks/machine.js";
import { writeResults } from "../../benchmarks/results.js";
import { describeGaps, drawGaps } from "./report.js";
import type { Outcome } from "./run-schedule.js";

const PICTURE = fileURLToPath(new URL("../../../docs/pictures/recovery-gaps.svg", import.meta.url));

/** Writes the gaps of these schedules to RESULTS.md, and their picture. */
export async function publish(outcomes: readonly Outcome[], command: string): Promise<void> {
  const gaps = outcomes.flatMap((outcome) => outcome.gaps);
  const said = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0).length;
  const counts = `${outcomes.length} schedules, ${gaps.length} faults; guarantees broken in ${broken}`;
  await writeResults("recovery-gaps", `\`${command}\`: ${counts}; ${said.join("; ")}.\n\n${describeGaps(gaps)}`);
  await writeFile(PICTURE, drawGaps(gaps, [counts]));
}
