import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Command, Option } from "commander";
import { makeFolder, replaceFile } from "../../disk/index.js";
import type { RunSpecInput, TrainingSummary } from "../../trainer/index.js";
import { type CommonOptions, printJson } from "../output.js";
import { trainingProgress } from "../train/training-progress.js";
import { trainingTable } from "../train/training-table.js";
import { oneOrMore } from "../whole-number.js";
import { type Comparison, compare } from "./compare.js";
import { comparisonPicture } from "./comparison-picture.js";
import { comparisonText } from "./comparison-text.js";
import { type Sample, say, withSample } from "./sample.js";
import { judge } from "./verdict.js";

interface Options extends CommonOptions {
  readonly dir?: string;
  readonly compare?: true;
  readonly seconds?: number;
  readonly svg?: string;
}

/** What a short training learns with; nnU-Net's own rates are for full-length runs. */
const TRAINING = { baseFeatures: 8, learningRate: 0.1, momentum: 0.9 } as const;
const SECONDS = 80;

/** PGPS-Performance in 180 steps: all 15 stages of the sample's own plan, its last cases held out. */
function demoRun({ dataset, split }: Sample): RunSpecInput {
  return {
    data: {
      dataset,
      split,
      mode: "performance",
      epochs: 15,
      stepsPerEpoch: 12,
      valSteps: 8,
      seed: 1,
      augmentation: "none",
    },
    training: TRAINING,
  };
}

function demo(folder: string, signal: AbortSignal): Promise<TrainingSummary> {
  return withSample(folder, signal, async (sample, train) => {
    const progress = trainingProgress();
    say("3. training");
    return await train(demoRun(sample), progress.show).finally(progress.stop);
  });
}

function comparison(folder: string, seconds: number, signal: AbortSignal): Promise<Comparison> {
  return withSample(folder, signal, async (sample, train) => {
    let progress = trainingProgress();
    let place = 3;
    const onTraining = (words: string) => {
      progress.stop();
      progress = trainingProgress();
      say(`${place++}. ${words}`);
      return progress.show;
    };
    return await compare(sample, train, { seconds, training: TRAINING, onTraining }).finally(() => progress.stop());
  });
}

async function runComparison(folder: string, { seconds = SECONDS, svg, json }: Options, signal: AbortSignal) {
  if (svg !== undefined) makeFolder(dirname(svg)); // where it cannot be written, say so before minutes of training
  const compared = await comparison(folder, seconds, signal);
  if (json) printJson({ ...compared, ...judge(compared) });
  else process.stdout.write(comparisonText(compared));
  if (svg === undefined) return;
  const { drawLines } = await import("../../pictures/index.js"); // a second to load
  replaceFile(svg, drawLines(comparisonPicture(compared)));
}

/** `patchstream demo`. */
export function demoCommand(): Command {
  const command = new Command("demo")
    .description("Ingest the shipped sample, train on it through every stage of a curriculum, print Dice.")
    .option("--dir <folder>", "keep store and runs in this folder (default: a temporary one, removed at the end)")
    .option("--compare", "train twice in the same time, with a constant patch and with the curriculum")
    .addOption(
      new Option("--seconds <count>", `with --compare: of training for each (default: ${SECONDS})`).argParser(
        oneOrMore,
      ),
    )
    .option("--svg <file>", "with --compare: draw both curves")
    .addHelpText(
      "after",
      "\nExamples:\n  $ patchstream demo --dir demo\n  $ patchstream demo --compare --svg compare.svg",
    );
  return command.action(async (options: Options) => {
    const { dir, json } = options;
    if (!options.compare && (options.seconds ?? options.svg) !== undefined)
      command.error("error: --seconds and --svg belong to --compare");
    const interrupted = new AbortController();
    const stop = (name: NodeJS.Signals) => interrupted.abort(new Error(`ended by ${name}`));
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
    const folder = dir ?? (await mkdtemp(join(tmpdir(), "patchstream-demo-")));
    makeFolder(folder);
    try {
      if (options.compare) return await runComparison(folder, options, interrupted.signal);
      const summary = await demo(folder, interrupted.signal);
      if (json) printJson(summary);
      else process.stdout.write(trainingTable(summary));
    } finally {
      if (dir === undefined) await rm(folder, { recursive: true, force: true });
    }
  });
}
