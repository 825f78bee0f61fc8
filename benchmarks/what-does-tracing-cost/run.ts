/**
 * `node dist/benchmarks/what-does-tracing-cost/run.js`: batches with an OpenTelemetry SDK in server and client beside batches without, the
 * smallest and the largest patch; prints the table and writes it to RESULTS.md.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ingest } from "../../loader/index.js";
import { startServer } from "../child.js";
import { figures, ratios } from "../figures.js";
import { machine, versionOf } from "../machine.js";
import { processorSeconds } from "../processor-time.js";
import { writeResults } from "../results.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const SDK = join(root, "benchmarks/what-does-tracing-cost/start-sdk.mjs");
const MAIN = join(root, "dist/cli/main.js");
const RECEIVE = fileURLToPath(new URL("./receive.js", import.meta.url));

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const WARM = 50;
/** Stage, and how many of its batches. */
const STAGES = [
  [0, 400],
  [14, 200],
] as const;
const SPEC = {
  dataset: "Task04_Hippocampus",
  plan: { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] },
  mode: "efficiency",
  augmentation: "none",
};
/** Share of the traces that are sampled; undefined: no SDK. */
const ARMS = [undefined, 1, 0.01] as const;

interface Measured {
  readonly batchesPerSecond: number;
  readonly cpuMsPerBatch: number;
}

/** One pass over a server of its own, so that each arm begins alike. */
async function measure(store: string, ratio: number | undefined, stage: number, count: number): Promise<Measured> {
  if (ratio !== undefined) process.env.RATIO = String(ratio);
  const flags = ratio === undefined ? [] : ["--import", SDK];
  const [script = "", ...args] = [...flags, MAIN, "serve", store, "--workers", "1", "--json", "--log-level", "silent"];
  await using server = await startServer(script, args);
  const receive = (batches: number) =>
    JSON.parse(
      execFileSync(
        process.execPath,
        [...flags, RECEIVE, server.address, JSON.stringify(SPEC), String(stage), String(WARM), String(batches)],
        { encoding: "utf8" },
      ),
    ) as { seconds: number; cpuSeconds: number };
  receive(WARM); // the server has its volumes, and its code is compiled
  const id = server.process.pid ?? 0;
  const before = await processorSeconds(id);
  const { seconds, cpuSeconds } = receive(count);
  const served = ((await processorSeconds(id)) - before) / (count + WARM);
  return { batchesPerSecond: count / seconds, cpuMsPerBatch: 1e3 * (served + cpuSeconds / count) };
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const store = join(folder, "store");
  await ingest(join(root, "examples/data/Task04_Hippocampus"), store, { workers: 1 });
  const rows: string[] = [];
  for (const [stage, count] of STAGES) {
    const measured: Measured[][] = ARMS.map(() => []);
    for (let round = 0; round < ROUNDS; round++)
      for (const [arm, ratio] of ARMS.entries()) measured[arm]?.push(await measure(store, ratio, stage, count));
    const [plain = [], ...traced] = measured;
    for (const [arm, passes] of traced.entries()) {
      const speed = ratios(
        passes.map((one) => one.batchesPerSecond),
        plain.map((one) => one.batchesPerSecond),
      );
      const cpu = ratios(
        passes.map((one) => one.cpuMsPerBatch),
        plain.map((one) => one.cpuMsPerBatch),
      );
      const without = figures(plain.map((one) => one.batchesPerSecond));
      const sampled = arm === 0 ? "all" : "1 in 100";
      const spread = ({ median, p5, p95 }: typeof speed) =>
        `${median.toFixed(3)} (${p5.toFixed(3)} to ${p95.toFixed(3)})`;
      rows.push(`| ${stage} | ${sampled} | ${without.median.toFixed(0)} | ${spread(speed)} | ${spread(cpu)} |`);
      process.stderr.write(`${rows.at(-1)}\n`);
    }
  }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`node dist/benchmarks/what-does-tracing-cost/run.js\` (${ROUNDS} rounds), load ${loadavg()[0]?.toFixed(1)}: ` +
      `${about.join("; ")}; @opentelemetry/sdk-trace-base ${versionOf("@opentelemetry/sdk-trace-base")}.`,
    "",
    "| stage | batches traced | batches/s without | batches/s, with / without | processor time of server and client, with / without |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("what-does-tracing-cost", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
