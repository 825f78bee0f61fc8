import { lookAtNamed } from "../../disk/read-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import type { Model } from "../engines/engine.js";
import { openChosenEngine } from "../engines/module.js";
import { keptBytes } from "../engines/onnx/sessions.js";
import { predictionGraph } from "../engines/onnx/step-graph.js";
import type { NetworkDescription } from "../networks/network.js";
import { type Checkpoint, type CheckpointName, checkpointPath, readCheckpointFile } from "../run-folder/checkpoint.js";
import { type TrainedOn, trainedOnOf } from "../run-folder/trained-on.js";
import { type GridGeometry, type LabelMaker, type LabelReading, labelMaker, labelReading } from "./export-label.js";
import { mirrorAxes } from "./mirror.js";
import { type Maps, predictInSlabs, type WindowModel } from "./sliding-window.js";

/** A trained model as its file holds it. */
export interface SavedModel {
  /** Its checkpoint's file. */
  readonly file: string;
  readonly checkpoint: Checkpoint;
  readonly trainedOn: TrainedOn;
}

/** The checkpoint of a model: a training's folder, of which the one called `name` is taken, or its file. Throws INPUT_DAMAGED for anything else. */
export async function readCheckpointOf(path: string, name?: CheckpointName): Promise<Checkpoint> {
  const file = checkpointFile(path, name);
  const checkpoint = await readCheckpointFile(file);
  if (checkpoint !== undefined) return checkpoint;
  const want = "a training's folder or its checkpoint";
  throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "there is no such file", want });
}

function checkpointFile(path: string, name?: CheckpointName): string {
  return lookAtNamed(path)?.isDirectory() ? checkpointPath(path, name) : path;
}

/** `readCheckpointOf` with what it was trained on. Throws INPUT_DAMAGED for a checkpoint that does not say it, too. */
export async function readModel(path: string, name?: CheckpointName): Promise<SavedModel> {
  const file = checkpointFile(path, name);
  const checkpoint = await readCheckpointOf(path, name);
  return { file, checkpoint, trainedOn: trainedOnOf(checkpoint, file) };
}

/** What a predictor runs on, and how. */
export interface PredictorOptions {
  /** Name of the engine. */
  readonly engine: string;
  readonly threads: number;
  /** Whether to take the mean over all flips of the axes that training mirrored along. */
  readonly mirror: boolean;
  /** Told in one line of an engine that is passed over. */
  readonly notice: (line: string) => void;
}

/** Models of one kind that label images together: the mean of their logits counts. */
export interface Predictor extends AsyncDisposable {
  readonly engine: string;
  readonly patchSize: Zyx;
  /** Values a voxel of the networks' output. */
  readonly classes: number;
  /** Bytes of the models and of what one window goes through. An estimate. */
  readonly networkBytes: number;
  /** The label of an image, in the stored values. `tell` gets the share of the windows that are done, 0 to 1. */
  label(
    image: Maps,
    geometry: GridGeometry,
    options: { readonly probabilities: boolean; readonly tell: (share: number) => void },
  ): Promise<Pick<LabelMaker, "label" | "probabilities">>;
}

/** Opens the models of checkpoints that were trained on the same data with the same plan. Throws ENGINE_MISSING, NOT_FOUND for an engine, SPEC_INVALID. */
export async function openPredictor(
  checkpoints: readonly Checkpoint[],
  { engine: name, threads, mirror, notice }: PredictorOptions,
): Promise<Predictor> {
  const engine = await openChosenEngine(name, notice);
  const opened: (WindowModel & { readonly model: Model; readonly network: NetworkDescription })[] = [];
  const close = async () => {
    for (const { model } of opened.splice(0)) await model[Symbol.asyncDispose]();
  };
  try {
    for (const { network, spec, model: state } of checkpoints) {
      const model = await engine.createModel(network, { seed: 0, batchDice: false, threads });
      opened.push({ model, network, mirrorAxes: mirror ? mirrorAxes(spec) : [] });
      await model.load(state);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [{ network, spec, trainedOn }] = checkpoints as [Checkpoint];
  const { patchSize } = spec.plan;
  const { classes } = network;
  // Those from before it was kept have classes.
  const reading: LabelReading = trainedOn ? labelReading(trainedOn.labelSet) : { kind: "classes" };
  return {
    engine: engine.name,
    patchSize,
    classes,
    networkBytes: opened.reduce((bytes, one) => bytes + keptBytes(windowGraph(one.network, patchSize)), 0),
    async label(image, geometry, { probabilities, tell }) {
      const [, ...size] = image.shape;
      const maker = labelMaker([classes, ...size], geometry, reading, probabilities);
      const window = { patchSize, classes, batchSize: 1, onWindows: tell };
      for await (const slab of predictInSlabs(opened, image, window)) maker.take(slab);
      return maker;
    },
    [Symbol.asyncDispose]: close,
  };
}

function windowGraph(network: NetworkDescription, patchSize: Zyx) {
  return predictionGraph(network, { batchSize: 1, patchSize });
}
