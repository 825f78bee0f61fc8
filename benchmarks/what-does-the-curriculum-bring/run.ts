/**
 * `node dist/benchmarks/what-does-the-curriculum-bring/run.js [RAW_FOLDER]`: constant patches, PGPS-Efficiency and PGPS-Performance at the same
 * number of iterations: Dice of held-out cases, runtime, FLOPs, waiting. Data server and trainer have a processor each. Linux. `--network`,
 * `--iterations`, `--modes` and `--features` change what is trained, `--print-only` writes nothing to RESULTS.md. `--stages` takes each step on a batch in
 * memory too, and writes how the steps of every stage compare.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ingest } from "../../loader/index.js";
import type { DataSpecInput, Mode } from "../../plan/index.js";
import { describeNetwork, type NetworkName, reportModel, type TrainingSummary } from "../../trainer/index.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { stagesTable } from "./stages-table.js";
import { SUBJECTS, type Subject } from "./subject.js";
import { EndedEarly, type TrainedMode, train } from "./train.js";

const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
const CLASSES = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    iterations: { type: "string", default: "300" },
    modes: { type: "string", default: "constant,efficiency,performance" },
    network: { type: "string", default: "plain-unet" },
    features: { type: "string" },
    "print-only": { type: "boolean", default: false },
    stages: { type: "boolean", default: false },
  },
});
const [raw = SAMPLE] = positionals;
const usual = SUBJECTS[values.network as NetworkName];
const subject: Subject = { ...usual, baseFeatures: Number(values.features ?? usual.baseFeatures) };
const { network, baseFeatures, plan, epochs, settings } = subject;
const iterations = Number(values.iterations);
if (iterations % epochs !== 0)
  throw new RangeError(
    `--iterations is ${values.iterations}; ${network} has ${epochs} epochs: name a multiple of ${epochs}`,
  );

/** Case -> subject, from `cases.csv` beside the images: both sides of one head stay on one side of the split. */
function subjects(folder: string): Record<string, string> | undefined {
  const file = join(folder, "cases.csv");
  if (!existsSync(file)) return undefined;
  const [, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(",", 2) as [string, string]));
}

/** Operations of all steps. */
function flopsOf({ stages }: TrainingSummary): number {
  const costs = reportModel(
    describeNetwork(plan, { channels: 1, classes: CLASSES, network, baseFeatures }),
    stages.map(({ patchSize: [z = 0, y = 0, x = 0], batchSize }) => ({ patchSize: [z, y, x] as const, batchSize })),
  ).stages;
  return stages.reduce((sum, { steps }, index) => sum + steps * (costs[index]?.flops ?? 0), 0);
}

function cells({ mode, summary, seconds }: TrainedMode, one: TrainedMode): string {
  const most = Math.max(...summary.stages.map(({ waitingShare }) => waitingShare));
  const dice = summary.classes.map(({ dice }) => dice?.toFixed(3) ?? "-").join(", ");
  return [
    mode,
    summary.steps,
    `${summary.meanDice?.toFixed(3) ?? "-"} (${dice})`,
    seconds.toFixed(1),
    (seconds / one.seconds).toFixed(3),
    (flopsOf(summary) / flopsOf(one.summary)).toFixed(3),
    `${(100 * most).toFixed(1)} %`,
  ].join(" | ");
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const store = join(folder, "store");
  const { name, cases } = await ingest(raw, store, {});
  const groups = subjects(raw);
  const rows: TrainedMode[] = [];
  const ended: string[] = [];
  for (const mode of values.modes.split(",") as Mode[]) {
    const data: DataSpecInput = {
      dataset: name,
      plan,
      mode,
      epochs,
      stepsPerEpoch: iterations / epochs,
      valSteps: 0,
      seed: 1,
      augmentation: "nnunet-nomirror",
      split: { fold: 0, ...(groups && { groups }) },
    };
    const { momentum, ...others } = settings;
    const training = {
      network,
      baseFeatures,
      ...others,
      ...(settings.optimizer === "sgd" && { momentum }),
    };
    const runs = join(folder, "runs", mode);
    const trained = await train(store, runs, { data, training }, values.stages).catch((error: unknown) => {
      if (!(error instanceof EndedEarly)) throw error;
      return error;
    });
    if (trained instanceof EndedEarly) {
      ended.push(`${mode} ended early: ${trained.message}`);
      process.stderr.write(`${ended.at(-1)}\n`);
      continue;
    }
    rows.push({ mode, ...trained });
    process.stderr.write(`${mode}: ${trained.seconds.toFixed(0)} s\n`);
  }
  const about = Object.entries(machine()).map(([key, value]) => `${key} ${value}`);
  const held = rows[0]?.summary.cases.length ?? 0;
  const set =
    `with ${cases.length} cases, ${held} of them held out${groups ? " (subjects kept whole)" : ""}, ` +
    `${network} with ${baseFeatures} features, plan ${plan.patchSize.join("x")}, batch ${plan.batchSize}, nnU-Net's augmentation without mirroring, ${settings.optimizer} at ${settings.learningRate}, one thread; load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`;
  const command = (flags: string) => `\`node dist/benchmarks/what-does-the-curriculum-bring/run.js${flags}\` ${set}`;
  const flags = values.stages ? ` --stages --iterations ${iterations} --modes ${values.modes}` : "";
  const table = values.stages
    ? stagesTable(rows)
    : [
        "| mode | iterations | mean foreground Dice (each class) | seconds | relative runtime | relative FLOPs | waiting, most of any stage |",
        "|---|---|---|---|---|---|---|",
        ...rows.map((row) => `| ${cells(row, rows[0] as TrainedMode)} |`),
      ];
  const report = [command(flags), "", ...table, ...ended.flatMap((line) => ["", line])].join("\n");
  process.stdout.write(`${report}\n`);
  if (values["print-only"]) process.stderr.write("nothing was written to RESULTS.md\n");
  else await writeResults(values.stages ? "stage-by-stage" : "what-does-the-curriculum-bring", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
