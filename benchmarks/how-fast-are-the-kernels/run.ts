/**
 * `node dist/benchmarks/how-fast-are-the-kernels/run.js`: processor nanoseconds a voxel of each kernel and of whole batches,
 * on cubes; prints the tables and writes them to RESULTS.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { makeCtStore } from "../ct-volumes.js";
import type { Figures } from "../figures.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { measureKernels } from "./measure.js";
import { measurePipeline } from "./pipeline.js";

const SIDES = [16, 32, 64, 128];

function row(name: string, columns: readonly Figures[]): string {
  const cells = columns.map(({ median, p5, p95 }) => `${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`);
  return `| ${[name, ...cells].join(" | ")} |`;
}

const bySide = SIDES.map(measureKernels);
const names = bySide[0]?.map(({ name }) => name) ?? [];
const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const { path } = await makeCtStore(folder);
  const pipeline: string[] = [];
  for (const augmentation of ["none", "nnunet"] as const) {
    const columns: Figures[] = [];
    for (const side of SIDES) columns.push(await measurePipeline(path, side, augmentation));
    pipeline.push(row(`whole batches, augmentation "${augmentation}"`, columns));
  }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`node dist/benchmarks/how-fast-are-the-kernels/run.js\`, load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    `| ns a voxel: median (p5 to p95) | ${SIDES.map((side) => `${side}^3`).join(" | ")} |`,
    `|---|${"---|".repeat(SIDES.length)}`,
    ...names.map((name, index) =>
      row(
        name,
        bySide.map((kernels) => kernels[index]?.nsPerVoxel as Figures),
      ),
    ),
    ...pipeline,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-fast-are-the-kernels", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
