import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ingest } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/index.js";
import {
  connectTrainer,
  openTrainingEngine,
  type RunSpecInput,
  type TrainingSummary,
  type WatchedEvent,
} from "../../trainer/index.js";
import { startServer } from "../child-server.js";
import { showProgress } from "../ingest.js";
import { watchToEnd } from "../train/watch-training.js";

const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
const HELD_OUT_CASES = 4;

/** The sample as a demo trains on it. */
export interface Sample {
  readonly dataset: string;
  readonly cases: readonly string[];
  /** The sample's last cases are held out. */
  readonly split: { readonly train: readonly string[]; readonly val: readonly string[] };
}

/** Trains to the end, telling every event. Throws where a process ends, or the demo is interrupted. */
export type Train = (run: RunSpecInput, onEvent: (event: WatchedEvent) => void) => Promise<TrainingSummary>;

export const say = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Ingests the sample into `folder`, and lets `use` train on it: data server and trainer are two processes that talk gRPC and end with it.
 * Throws NOT_FOUND where the package has no sample, ENGINE_MISSING where nothing can train.
 */
export async function withSample<Result>(
  folder: string,
  signal: AbortSignal,
  use: (sample: Sample, train: Train) => Promise<Result>,
): Promise<Result> {
  if (!existsSync(SAMPLE))
    throw new PatchstreamError(
      { code: "NOT_FOUND", what: "sample data", name: SAMPLE, known: [] },
      "The package does not hold it: run the demo in a clone of the repository.",
    );
  await openTrainingEngine("auto", () => undefined); // without one, say so before the ingest; the trainer tells what it passes over
  say(`1. ingest ${SAMPLE}`);
  const store = join(folder, "store");
  const ingesting = showProgress();
  const { name, cases } = await ingest(SAMPLE, store, { onProgress: ingesting.show }).finally(ingesting.stop);
  signal.throwIfAborted();

  await using data = await startServer(["serve", store, "--port", "0", "--workers", "1"]);
  await using trainer = await startServer(["trainer", "--port", "0", "--runs", join(folder, "runs")]);
  say(`2. data server on ${data.address}, trainer on ${trainer.address}`);
  say(`to watch it in a browser, in another terminal: npx patchstream dashboard --trainer ${trainer.address}`);

  await using client = connectTrainer(trainer.address);
  const split = { train: cases.slice(0, -HELD_OUT_CASES), val: cases.slice(-HELD_OUT_CASES) };
  return await use({ dataset: name, cases, split }, async (run, onEvent) => {
    const training = await client.start(run, data.address);
    say(`training ${training}`);
    const watched = watchToEnd(client, training, onEvent, signal);
    return await Promise.race([watched, data.lost, trainer.lost]);
  });
}
