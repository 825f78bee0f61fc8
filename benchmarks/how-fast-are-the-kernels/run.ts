/**
 * `node dist/benchmarks/how-fast-are-the-kernels/run.js [--beside DIST]`: processor nanoseconds a voxel of whole batches and of each
 * kernel, on cubes; prints the tables and writes them to RESULTS.md. With DIST, the folder `dist` of another build, only whole batches are
 * measured: both builds cut the same ones in turns.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ingest } from "../../loader/index.js";
import { makeCtStore } from "../ct-volumes.js";
import { type Figures, figures, ratios } from "../figures.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { measureKernels } from "./measure.js";
import { buildIn, measurePipeline, ourBuild, type PipelineOptions } from "./pipeline.js";

const SIDES = [8, 16, 32, 64, 128];
/** Larger than that is mostly air beyond the images of Hippocampus. */
const HIPPOCAMPUS_SIDES = [8, 16, 32];
const EXAMPLES = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));

const { values: flags } = parseArgs({ options: { beside: { type: "string" } } });
const builds = flags.beside === undefined ? [ourBuild] : [await buildIn(flags.beside), ourBuild];

interface Line extends Omit<PipelineOptions, "side"> {
  readonly name: string;
  readonly sides: readonly number[];
}

function cells({ median, p5, p95 }: Figures, digits: number): string {
  return `${median.toFixed(digits)} (${p5.toFixed(digits)} to ${p95.toFixed(digits)})`;
}

function table(title: string, rows: readonly (readonly string[])[]): string {
  const head = `| ${title} | ${SIDES.map((side) => `${side}^3`).join(" | ")} |\n|---|${"---|".repeat(SIDES.length)}`;
  return [head, ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}

function kernelRows(): string[][] {
  const bySide = SIDES.map(measureKernels);
  return (bySide[0] ?? []).map(({ name }, index) => [
    name,
    ...bySide.map((kernels) => cells(kernels[index]?.nsPerVoxel as Figures, 2)),
  ]);
}

/** Of one kind of batch, a row for each build; with two, one more for the ratio of each round of theirs to ours. */
async function batchRows({ name, sides, ...options }: Line): Promise<string[][]> {
  const names = builds.length === 1 ? [name] : [`${name}: the other build`, `${name}: this build`, `${name}: ratio`];
  const rows = names.map((row) => [row]);
  for (const side of SIDES) {
    const rounds = sides.includes(side) ? await measurePipeline(builds, { ...options, side }) : [];
    const measured = rounds.map((values) => cells(figures(values), 2));
    const [theirs, ours] = rounds;
    if (theirs !== undefined && ours !== undefined) measured.push(cells(ratios(theirs, ours), 2));
    for (const [index, row] of rows.entries()) row.push(measured[index] ?? "");
    process.stderr.write(`${name}, ${side}^3: ${measured.join("; ")}\n`);
  }
  return rows;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const organ = (await makeCtStore(folder)).path;
  const parcels = (await makeCtStore(folder, 4, "parcels")).path;
  const hippocampus = join(folder, "hippocampus");
  await ingest(EXAMPLES, hippocampus, {});
  const lines: Line[] = [];
  for (const augmentation of ["none", "nnunet"] as const) {
    const common = { augmentation, checksum: false, sides: SIDES };
    lines.push(
      { name: `${augmentation}, one organ`, store: organ, ...common },
      { name: `${augmentation}, one organ, with the checksum`, store: organ, ...common, checksum: true },
      { name: `${augmentation}, 116 classes`, store: parcels, ...common },
      { name: `${augmentation}, Hippocampus`, store: hippocampus, ...common, sides: HIPPOCAMPUS_SIDES },
    );
  }
  const batches: string[][] = [];
  for (const line of lines) batches.push(...(await batchRows(line)));
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const isBeside = flags.beside !== undefined;
  const command = `node dist/benchmarks/how-fast-are-the-kernels/run.js${isBeside ? " --beside DIST" : ""}`;
  const report = [
    `\`${command}\`, load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    table("whole batches, ns a voxel: median (p5 to p95)", batches),
    ...(isBeside ? [] : ["", table("kernels, ns a voxel: median (p5 to p95)", kernelRows())]),
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults(isBeside ? "how-fast-are-the-kernels-beside" : "how-fast-are-the-kernels", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
