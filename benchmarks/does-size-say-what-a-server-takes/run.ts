/**
 * `node dist/benchmarks/does-size-say-what-a-server-takes/run.js [--streams N] [--steps N] [--publish]`: what `patchstream size --store` says that a batch takes of a data
 * server's processors, beside what a crowd of streams with an order of data each really takes of a server; prints the table, and writes it
 * to RESULTS.md. Linux.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { connect } from "../../client/index.js";
import { ingest } from "../../loader/index.js";
import { startServer } from "../child.js";
import { figures } from "../figures.js";
import { machine } from "../machine.js";
import { processorSeconds } from "../processor-time.js";
import { writeResults } from "../results.js";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "8" },
    steps: { type: "string", default: "40" },
    publish: { type: "boolean", default: false },
  },
});
const streams = Number(values.streams);
const steps = Number(values.steps);
const WARM_UP_STEPS = 4;
const CLI = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const RAW = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
const DATA = {
  dataset: "Task04_Hippocampus",
  plan: { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] },
  mode: "performance",
  epochs: 15,
} as const;

interface Sized {
  readonly stages: readonly {
    readonly patchSize: readonly number[];
    readonly batchSize: number;
    readonly cutMs: number;
    readonly carryMs: number;
  }[];
}

/** What `patchstream size` measures and says. */
async function sized(folder: string, store: string): Promise<Sized> {
  const run = join(folder, "run.json");
  await writeFile(run, JSON.stringify({ data: DATA }));
  const words = ["size", "--gpus", "1", "--step-ms", "130", "--store", store, "--run", run, "--json"];
  return JSON.parse((await promisify(execFile)(process.execPath, [CLI, ...words])).stdout);
}

/** Processor milliseconds of a server for a batch of each stage, of which every stream takes some side by side; and batches a second. */
async function crowd(
  store: string,
  stages: number,
): Promise<readonly { readonly ms: number; readonly perSecond: number }[]> {
  await using server = await startServer(CLI, ["serve", store, "--json", "--log-level", "error"]);
  const pid = server.process.pid as number;
  await using client = connect(server.address);
  const found = [];
  for (let stage = 0; stage < stages; stage++) {
    const take = async (from: number, to: number) => {
      const read = async (seed: number) => {
        await using run = await client.openRun({ ...DATA, seed });
        const decisions = [{ stage, fromStep: 0, reason: "benchmark", hold: true }];
        for await (using _batch of run.batches({ from, to, decisions }));
      };
      await Promise.all(Array.from({ length: streams }, (_, seed) => read(seed)));
    };
    await take(0, WARM_UP_STEPS);
    const [before, startMs] = [await processorSeconds(pid), performance.now()];
    await take(WARM_UP_STEPS, WARM_UP_STEPS + steps);
    const batches = streams * steps;
    const seconds = (performance.now() - startMs) / 1e3;
    found.push({ ms: (1e3 * ((await processorSeconds(pid)) - before)) / batches, perSecond: batches / seconds });
  }
  return found;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const store = join(folder, "store");
  await ingest(RAW, store, { workers: 1 });
  const { stages } = await sized(folder, store);
  const taken = await crowd(store, stages.length);
  const rows = stages.map(({ patchSize, batchSize, cutMs, carryMs }, stage) => {
    const { ms = Number.NaN, perSecond = Number.NaN } = taken[stage] ?? {};
    const cells = [stage, patchSize.join("x"), batchSize, (cutMs + carryMs).toFixed(1), ms.toFixed(1)];
    const ratio = ms / (cutMs + carryMs);
    return { ratio, line: `| ${[...cells, ratio.toFixed(2), perSecond.toFixed(1)].join(" | ")} |` };
  });
  const { median, p5, p95 } = figures(rows.map(({ ratio }) => ratio));
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`node dist/benchmarks/does-size-say-what-a-server-takes/run.js --streams ${streams} --steps ${steps}\` (${streams} streams of ${steps} steps, an order of data each), load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    `Taken / said: ${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)}) over the stages.`,
    "",
    "| stage | patch | batch | processor ms a batch, size says | a crowd takes | taken / said | batches a second of the crowd |",
    "|---|---|---|---|---|---|---|",
    ...rows.map(({ line }) => line),
  ].join("\n");
  console.log(report);
  if (values.publish) await writeResults("does-size-say-what-a-server-takes", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
