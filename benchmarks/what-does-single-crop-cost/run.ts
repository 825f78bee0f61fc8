/**
 * `node dist/benchmarks/what-does-single-crop-cost/run.js`: Single-Crop beside Split-Crop where the volumes do not fit the
 * memory for them; prints the table and writes it to RESULTS.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { makeCtStore } from "../ct-volumes.js";
import type { Figures } from "../figures.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { measureStage } from "./measure.js";

const CASES = 6;
/** Bytes beside three of the six volumes: less than a patch of 128^3 takes, more than one of 32^3. */
const BESIDE_HALF_BYTES = 48 * 2 ** 20;
const WORKERS = 1;
const ROUNDS = 4;
const BATCHES = 4;

function spread({ median, p5, p95 }: Figures): string {
  return `${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const { path, plan, volumeBytes } = await makeCtStore(folder, CASES);
  const rows: string[] = [];
  for (const [held, volumeBudgetBytes] of [
    ["half", 3 * volumeBytes + BESIDE_HALF_BYTES],
    ["none", volumeBytes - 2 ** 20],
  ] as const)
    for (const augmentation of ["none", "nnunet"] as const)
      for (const part of [0, 0.5, 1]) {
        const options = {
          store: path,
          plan,
          volumeBudgetBytes,
          augmentation,
          workers: WORKERS,
          rounds: ROUNDS,
          batches: BATCHES,
        };
        const { patchSize, batchSize, split, single, ratio } = await measureStage(options, (stages) =>
          Math.round(part * (stages - 1)),
        );
        const amplification = [split, single].map(({ readAmplification }) => readAmplification.toFixed(2));
        const speeds = [split, single].map(({ batchesPerSecond }) => spread(batchesPerSecond));
        const stage = `${patchSize.join("x")}, batch ${batchSize}`;
        rows.push(`| ${[held, augmentation, stage, ...speeds, spread(ratio), ...amplification].join(" | ")} |`);
        process.stderr.write(`${rows.at(-1)}\n`);
      }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  const report = [
    "`node dist/benchmarks/what-does-single-crop-cost/run.js` " +
      `(${CASES} CT-sized cases, ${WORKERS} worker, ${ROUNDS} rounds of ${BATCHES} batches), load ${loadavg()[0]?.toFixed(1)}, ` +
      `peak RSS of this process ${peak} MiB: ${about.join("; ")}.`,
    "",
    "| volumes held | augmentation | stage | Split-Crop, batches/s | Single-Crop, batches/s | processor time, Single-Crop / Split-Crop | read amplification, Split-Crop | Single-Crop |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("what-does-single-crop-cost", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
