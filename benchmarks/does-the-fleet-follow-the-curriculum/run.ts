/**
 * `node dist/benchmarks/does-the-fleet-follow-the-curriculum/run.js [--fixed N] [--only fixed|scaled] [--stage-seconds S] [--first-stage-seconds F] [--keep FILE] [--publish]`: a run of 15
 * stages from local data servers, once as many as `--fixed` says and once as KEDA and Kubernetes' autoscaler would have them; prints the table, and
 * writes it to RESULTS.md. With --only the other one is of FILE, where --keep has put it. Linux, root, cgroup v1.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ingest } from "../../loader/index.js";
import { MODE_DEFAULTS, type NetworkPlan, planStages } from "../../plan/index.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { FIRST_SECONDS, type Replay, type ReplayOptions, replay } from "./replay.js";

const STEP_MS = 170;
const PROCESSORS = 0.2;
const MOST_SERVERS = 4;
const POLL_MS = 1_000;
const SCALE_DOWN_SECONDS = 5;

const { values } = parseArgs({
  options: {
    fixed: { type: "string", default: String(MOST_SERVERS) },
    only: { type: "string" },
    "stage-seconds": { type: "string", default: "20" },
    "first-stage-seconds": { type: "string", default: "20" },
    keep: { type: "string" },
    publish: { type: "boolean", default: false },
  },
});

const PLAN: NetworkPlan = { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] };
const stageSeconds = Number(values["stage-seconds"]);
const firstSeconds = Number(values["first-stage-seconds"]);

const { strategy, foregroundFraction } = MODE_DEFAULTS.performance;
const curriculum = { plan: PLAN, epochs: 15, foregroundFraction, budgetFraction: 1, rounding: "floor" } as const;
/** PGPS-Performance's, whose epochs take a second. */
const stages = planStages("performance", curriculum).map((stage, index) => {
  return { ...stage, epochs: index === 0 ? firstSeconds : stageSeconds };
});

interface Replays {
  fixed?: Replay;
  scaled?: Replay;
}

const raw = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
const percent = (share = Number.NaN) => `${(100 * share).toFixed(1)}`;

function table({ fixed, scaled }: Required<Replays>): string {
  const rows = scaled.stages.map(({ patchSize, samples, seconds, utilisation, laterUtilisation, servers }, stage) => {
    const cells = [
      `${stage}`,
      patchSize.join("x"),
      `${samples}`,
      seconds.toFixed(0),
      percent(utilisation),
      percent(laterUtilisation),
      servers.toFixed(1),
      percent(fixed.stages[stage]?.utilisation),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const lowest = (run: Replay, of: "utilisation" | "laterUtilisation") =>
    percent(Math.min(...run.stages.map((stage) => stage[of])));
  return [
    `Lowest utilisation of a stage: ${lowest(scaled, "utilisation")} % scaled (${lowest(scaled, "laterUtilisation")} % after its first ${FIRST_SECONDS} s), ${lowest(fixed, "utilisation")} % with ${values.fixed} servers all the time.`,
    `Processor time of the servers, their starts included: ${scaled.processorSeconds.toFixed(1)} s scaled, ${fixed.processorSeconds.toFixed(1)} s with ${values.fixed}: ` +
      `${(scaled.processorSeconds / fixed.processorSeconds).toFixed(2)} times. Servers' time: ${scaled.serverSeconds.toFixed(0)} s and ${fixed.serverSeconds.toFixed(0)} s.`,
    "",
    `| stage | patch | batch | s | utilisation %, scaled | after ${FIRST_SECONDS} s | servers, mean | utilisation %, ${values.fixed} servers |`,
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const store = join(folder, "store");
  await ingest(raw, store, { workers: 1 });
  const options: Omit<ReplayOptions, "fixed"> = {
    store,
    data: {
      dataset: "Task04_Hippocampus",
      plan: PLAN,
      stages,
      strategy,
      stepsPerEpoch: Math.round(1e3 / STEP_MS),
    },
    stepMs: STEP_MS,
    processors: PROCESSORS,
    mostServers: MOST_SERVERS,
    pollMs: POLL_MS,
    scaleDownSeconds: SCALE_DOWN_SECONDS,
  };
  const kept = values.keep !== undefined && existsSync(values.keep) ? readFileSync(values.keep, "utf8") : "{}";
  const replays: Replays = JSON.parse(kept);
  if (values.only !== "scaled") replays.fixed = await replay({ ...options, fixed: Number(values.fixed) });
  if (values.only !== "fixed") replays.scaled = await replay({ ...options, fixed: undefined });
  if (values.keep !== undefined) writeFileSync(values.keep, JSON.stringify(replays));
  const { fixed, scaled } = replays;
  if (fixed === undefined || scaled === undefined) console.log(JSON.stringify(replays, undefined, 1));
  else {
    const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
    const report = [
      `\`node dist/benchmarks/does-the-fleet-follow-the-curriculum/run.js --stage-seconds ${stageSeconds} --first-stage-seconds ${firstSeconds}\` (steps of ${STEP_MS} ms; a server may have ` +
        `${PROCESSORS} of a processor; asked every ${POLL_MS / 1e3} s; ${SCALE_DOWN_SECONDS} s for scaling down), load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
      "",
      table({ fixed, scaled }),
    ].join("\n");
    console.log(report);
    if (values.publish) await writeResults("does-the-fleet-follow-the-curriculum", report);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
