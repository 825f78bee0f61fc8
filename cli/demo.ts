import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { makeFolder } from "../disk/index.js";
import { type IngestReport, ingest } from "../loader/index.js";
import { PatchstreamError } from "../plan/index.js";
import { connectTrainer, openTrainingEngine, type RunSpecInput, type TrainingSummary } from "../trainer/index.js";
import { startServer } from "./child-server.js";
import { showProgress } from "./ingest.js";
import { type CommonOptions, printJson } from "./output.js";
import { trainingProgress } from "./train/training-progress.js";
import { trainingTable } from "./train/training-table.js";
import { watchToEnd } from "./train/watch-training.js";

interface Options extends CommonOptions {
  readonly dir?: string;
}

const SAMPLE = fileURLToPath(new URL("../../examples/data/Task04_Hippocampus", import.meta.url));
const HELD_OUT_CASES = 4;

/** PGPS-Performance in 180 steps: all 15 stages of the sample's own plan, its last cases held out. */
function demoRun({ name, cases }: IngestReport): RunSpecInput {
  return {
    data: {
      dataset: name,
      split: { train: cases.slice(0, -HELD_OUT_CASES), val: cases.slice(-HELD_OUT_CASES) },
      mode: "performance",
      epochs: 15,
      stepsPerEpoch: 12,
      valSteps: 8,
      seed: 1,
      augmentation: "none",
    },
    training: { baseFeatures: 8, learningRate: 0.1, momentum: 0.9 },
  };
}

/** Ingests the sample, then trains on it: data server and trainer are two processes that talk gRPC. */
async function demo(folder: string, signal: AbortSignal): Promise<TrainingSummary> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  await openTrainingEngine("auto", () => undefined); // without one, say so before the ingest; the trainer tells what it passes over
  say(`1. ingest ${SAMPLE}`);
  const store = join(folder, "store");
  const ingesting = showProgress();
  const report = await ingest(SAMPLE, store, { onProgress: ingesting.show }).finally(ingesting.stop);
  signal.throwIfAborted();

  await using data = await startServer(["serve", store, "--port", "0", "--workers", "1"]);
  await using trainer = await startServer(["trainer", "--port", "0", "--runs", join(folder, "runs")]);
  say(`2. data server on ${data.address}, trainer on ${trainer.address}`);

  await using client = connectTrainer(trainer.address);
  const progress = trainingProgress();
  try {
    const training = await client.start(demoRun(report), data.address);
    say(`3. training ${training}`);
    const watched = watchToEnd(client, training, progress.show, signal);
    return await Promise.race([watched, data.lost, trainer.lost]);
  } finally {
    progress.stop();
  }
}

/** `patchstream demo`. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("Ingest the shipped sample, train on it through every stage of a curriculum, print Dice.")
    .option("--dir <folder>", "keep store and runs in this folder (default: a temporary one, removed at the end)")
    .addHelpText("after", "\nExample:\n  $ patchstream demo --dir demo")
    .action(async ({ dir, json }: Options) => {
      if (!existsSync(SAMPLE))
        throw new PatchstreamError(
          { code: "NOT_FOUND", what: "sample data", name: SAMPLE, known: [] },
          "The package does not hold it: run the demo in a clone of the repository.",
        );
      const interrupted = new AbortController();
      const stop = (name: NodeJS.Signals) => interrupted.abort(new Error(`ended by ${name}`));
      for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
      const folder = dir ?? (await mkdtemp(join(tmpdir(), "patchstream-demo-")));
      makeFolder(folder);
      try {
        const summary = await demo(folder, interrupted.signal);
        if (json) printJson(summary);
        else process.stdout.write(trainingTable(summary));
      } finally {
        if (dir === undefined) await rm(folder, { recursive: true, force: true });
      }
    });
}
