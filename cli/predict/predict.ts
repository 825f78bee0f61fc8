import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import {
  type LabelImagesOptions,
  type LabelOutcome,
  labelImages,
  savedModels,
  trainerModels,
} from "../../predict/index.js";
import { connectTrainer, engineNames } from "../../trainer/index.js";
import { oneAddress } from "../address-list.js";
import { byteCount } from "../byte-count.js";
import { addCheckpointFlag, type CheckpointFlag } from "../checkpoint-flag.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson, printLine } from "../output.js";
import { toleratedText } from "../tolerated-text.js";
import { oneOrMore } from "../whole-number.js";
import { labelProgress } from "./label-progress.js";

/** For so long a trainer that labels other images is asked again. */
const PATIENCE_MS = 600_000;

interface Options extends CommonOptions, CallFlags, CheckpointFlag {
  readonly trainer?: string;
  readonly out: string;
  readonly averageWith: readonly string[];
  readonly overwrite?: boolean;
  readonly probabilities?: boolean;
  readonly mirror: boolean;
  readonly nonfinite: LabelImagesOptions["nonfinite"];
  readonly geometry: LabelImagesOptions["geometry"];
  readonly memory?: number;
  readonly engine: string;
  readonly threads: number;
}

/** `patchstream predict MODEL IMAGES...`. */
export function predictCommand(): Command {
  const command = new Command("predict")
    .description("Label new images with a trained model: raw images in, labels on their own grids out.")
    .argument("<model>", "the folder of a training, or one of its checkpoint files; with --trainer a training's id")
    .argument("<images...>", "images, or folders of images; a name's _0000, _0001 ... is its channel, as in nnU-Net")
    .requiredOption("--out <folder>", "folder of the labels; one that is there already is kept")
    .addOption(
      new Option(
        "--trainer <address>",
        "a trainer service, host:port, that labels: images are read and preprocessed here, its machine runs the network",
      )
        .argParser(oneAddress)
        .conflicts(["probabilities", "engine", "threads"]),
    );
  addCheckpointFlag(command)
    .option("--probabilities", "write probabilities, too: NAME.npz with nnU-Net's `probabilities`, classes first")
    .option("--overwrite", "make labels that are there already again")
    .option(
      "--average-with <model>",
      "a further model of the same data and plan, such as another fold: the mean of all counts (may be repeated)",
      (model: string, others: readonly string[]) => [...others, model],
      [],
    )
    .option("--no-mirror", "do not take the mean over mirrored images: faster, and mostly a little worse")
    .addOption(
      new Option(
        "--nonfinite <what>",
        'what voxels of NaN or infinity do: "stop" refuses their image, "zero" reads them as 0 and reports it',
      )
        .choices(["stop", "zero"])
        .default("stop"),
    )
    .addOption(
      new Option(
        "--geometry <what>",
        'what a channel with another origin or direction than the first does: "strict" refuses its image, "ignore" lays it on the first voxel by voxel and reports it',
      )
        .choices(["strict", "ignore"])
        .default("strict"),
    )
    .option("--memory <bytes>", "memory that an image may take, such as 8GiB (default: the machine's)", byteCount)
    .addOption(new Option("--engine <name>", "what the network runs on").choices(engineNames).default("auto"))
    .addOption(
      new Option("--threads <count>", "CPU threads of the engine")
        .argParser(oneOrMore)
        .default(availableParallelism(), "one per core"),
    );
  return addCallFlags(command)
    .addHelpText(
      "after",
      `
The model says how its images were preprocessed: no store and no data server is needed.

Examples:
  patchstream predict runs/20261123-173207-482-5f1c new/scan_0000.nii.gz --out labels
  patchstream predict runs/fold-0 imagesTs --average-with runs/fold-1 --average-with runs/fold-2 --out labels
  patchstream predict 20261123-173207-482-5f1c imagesTs --trainer gpu-box:7071 --out labels`,
    )
    .action(predict);
}

async function predict(model: string, images: readonly string[], options: Options): Promise<void> {
  const { trainer: address, averageWith, memory, overwrite = false, probabilities = false, json } = options;
  const { out, nonfinite, geometry, checkpoint, mirror, engine, threads } = options;
  const progress = labelProgress();
  const counts = { labelled: 0, kept: 0, failed: 0 };
  try {
    await using trainer = address === undefined ? undefined : connectTrainer(address, callOptions(options));
    const names = [model, ...averageWith];
    const how = { checkpoint, mirror, notice: progress.say };
    const models =
      trainer === undefined
        ? await savedModels(names, { ...how, engine, threads })
        : await trainerModels(trainer, names, { ...how, patienceMs: PATIENCE_MS });
    const outcomes = labelImages(models, images, {
      out,
      nonfinite,
      geometry,
      overwrite,
      probabilities,
      ...(memory !== undefined && { memoryBytes: memory }),
      onProgress: progress.show,
    });
    for await (const outcome of outcomes) {
      counts[outcome.kind]++;
      if (outcome.kind === "labelled") for (const flaw of outcome.tolerated) progress.say(toleratedText(flaw));
      if (json) printJson(asJson(outcome));
      else progress.say(line(outcome));
    }
  } finally {
    progress.stop();
  }
  if (!json) printLine(summary(counts, options.out));
  if (counts.failed > 0) process.exitCode = 1;
}

function line(outcome: LabelOutcome): string {
  switch (outcome.kind) {
    case "labelled": {
      const { id, seconds, steps } = outcome;
      const after = steps === undefined ? "" : `, after step ${steps.join(" and ")}`;
      return `${id}: ${seconds.toFixed(1)} s${after}`;
    }
    case "kept":
      return `${outcome.id}: kept, ${outcome.label} is there already`;
    case "failed":
      return `patchstream: ${outcome.error.message}`;
  }
}

/** One object a line. */
function asJson(outcome: LabelOutcome): object {
  switch (outcome.kind) {
    case "labelled": {
      const { kind, id, ...made } = outcome;
      return { kind, image: id, ...made };
    }
    case "kept":
      return { kind: outcome.kind, image: outcome.id, label: outcome.label };
    case "failed":
      return { kind: outcome.kind, image: outcome.id, error: outcome.error.facts, message: outcome.error.message };
  }
}

function summary({ labelled, kept, failed }: Record<LabelOutcome["kind"], number>, out: string): string {
  const parts = [`${labelled} ${labelled === 1 ? "image" : "images"} labelled in ${out}`];
  if (kept > 0) parts.push(`${kept} kept`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(", ");
}
