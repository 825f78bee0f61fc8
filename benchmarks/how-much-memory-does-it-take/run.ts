/**
 * `node dist/benchmarks/how-much-memory-does-it-take/run.js`: the peak memory of `patchstream serve` beside its budgets, by
 * worker count, with all volumes in memory and with most read by region; prints the table and writes it to RESULTS.md. Linux.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../client/index.js";
import { startServer } from "../child.js";
import { makeCtStore } from "../ct-volumes.js";
import { machine } from "../machine.js";
import { peakMib } from "../peak-memory.js";
import { writeResults } from "../results.js";

const CASES = 6;
const STEPS = 24;
const SLOT_MIB = 128;
/** What the patches of four workers take. */
const PATCHES_MIB = 100;
const WORKERS = [1, 2, 4];

const cli = new URL("../../cli/main.js", import.meta.url).pathname;

/** The server's peak over `STEPS` batches of the largest patch, with a case for each patch and nnU-Net's augmentation. */
async function measure(store: string, plan: object, workers: number, volumeMib: number): Promise<number> {
  const budgets = ["--volume-budget", `${volumeMib}MiB`, "--slot-budget", `${SLOT_MIB}MiB`];
  await using server = await startServer(cli, ["serve", store, "--workers", String(workers), ...budgets, "--json"]);
  await using client = await connect(server.address);
  await using run = await client.openRun({ dataset: "CtSized", plan, strategy: "single-crop", split: { fold: "all" } });
  for await (using _batch of run.batches({ from: 0, to: STEPS }));
  return peakMib(server.process.pid);
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const { path, plan, volumeBytes } = await makeCtStore(folder, CASES);
  const rows: string[] = [];
  const allMib = Math.ceil((CASES * volumeBytes) / 2 ** 20) + PATCHES_MIB;
  for (const [volumes, volumeMib] of [
    ["in memory", allMib],
    ["read by region", 256], // less than two volumes and four patches
  ] as const)
    for (const workers of WORKERS) {
      const peak = await measure(path, plan, workers, volumeMib);
      const budgets = volumeMib + SLOT_MIB;
      rows.push(`| ${[volumes, workers, budgets, peak.toFixed(0), (peak - budgets).toFixed(0)].join(" | ")} |`);
      process.stderr.write(`${rows.at(-1)}\n`);
    }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`node dist/benchmarks/how-much-memory-does-it-take/run.js\` (${CASES} CT-sized cases, ${STEPS} batches): ${about.join("; ")}.`,
    "",
    "| volumes | workers | budgets for volumes and batches, MiB | peak RSS, MiB | beyond the budgets |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-much-memory-does-it-take", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
