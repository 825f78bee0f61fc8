import { existsSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { makeFolder, readNamedJson, removeLeftBehind, replaceFile } from "../disk/index.js";
import {
  type CaseRules,
  imageEnding,
  type Preparation,
  parsePreparation,
  prepareImage,
  promisedValues,
  type ToleratedFlaw,
} from "../loader/index.js";
import { type LabelSet, PatchstreamError } from "../plan/index.js";
import {
  inSourceValues,
  LABELS_FILE,
  type LabelsRecord,
  labelsRecordText,
  openPredictor,
  type Predictor,
  type PredictorOptions,
  probabilitiesNpz,
  readModel,
  type SavedModel,
  weightsSha256,
} from "../trainer/index.js";
import { type ImageToLabel, listImages } from "./list-images.js";
import { checkMemory, labellingBytes, machineBytes, readingBytes } from "./memory.js";
import { writeLabel } from "./write-label.js";

export interface LabelImagesOptions extends PredictorOptions {
  /** Folder of the labels, made where missing. */
  readonly out: string;
  /** Write the probabilities of each image beside its label, too: `ID.npz`. */
  readonly probabilities?: boolean;
  /** Make labels that are there already again. */
  readonly overwrite: boolean;
  readonly nonfinite: CaseRules["nonfinite"];
  readonly geometry: CaseRules["geometry"];
  /** Memory that an image may take; absent: the machine's. */
  readonly memoryBytes?: number;
  readonly onProgress?: (progress: LabelProgress) => void;
}

/** How far it is: images that are done, and the share of the one in work. */
export interface LabelProgress {
  readonly id: string;
  readonly done: number;
  readonly total: number;
  readonly share: number;
}

/** What became of one image. */
export type LabelOutcome =
  | {
      readonly kind: "labelled";
      readonly id: string;
      readonly label: string;
      readonly seconds: number;
      readonly tolerated: readonly ToleratedFlaw[];
    }
  | { readonly kind: "kept"; readonly id: string; readonly label: string }
  | { readonly kind: "failed"; readonly id: string; readonly error: PatchstreamError };

/**
 * Labels images with a model, or with several of which the mean counts, and tells what became of each in turn. An image that cannot be
 * labelled does not keep the others from it. A label is written whole or not at all, and one that is there already is kept unless
 * `overwrite` says otherwise: a call that was cut short goes on where it was. Throws INPUT_DAMAGED for a model, SPEC_INVALID for
 * models that do not belong together and for a folder with labels of others, WRITE_FAILED, ENGINE_MISSING.
 */
export async function* labelImages(
  modelPaths: readonly string[],
  imagePaths: readonly string[],
  options: LabelImagesOptions,
): AsyncGenerator<LabelOutcome> {
  const models: SavedModel[] = [];
  for (const path of modelPaths) models.push(await readModel(path));
  const [first] = models as [SavedModel];
  const { channelNames, labelSet, name } = first.trainedOn;
  const preparation = preparationOf(first);
  for (const model of models.slice(1)) checkSameKind(first, model);
  const record = {
    dataset: name,
    models: models.map(({ checkpoint }) => weightsSha256(checkpoint.model)),
    mirror: options.mirror,
    labelSet,
  };
  claimFolder(options.out, record, options.overwrite);

  const images = listImages(imagePaths, channelNames, options.out);
  const isFinished = (one: (typeof images)[number]) =>
    "label" in one &&
    !options.overwrite &&
    existsSync(one.label) &&
    (!options.probabilities || existsSync(probabilitiesFile(one, options.out)));
  await using predictor = images.every((one) => "error" in one || isFinished(one))
    ? undefined
    : await openPredictor(models, options);
  for (const [done, image] of images.entries()) {
    const { id } = image;
    if ("error" in image) yield { kind: "failed", id, error: image.error };
    else if (isFinished(image) || predictor === undefined) yield { kind: "kept", id, label: image.label };
    else {
      const tell = (share: number) => options.onProgress?.({ id, done, total: images.length, share });
      yield await labelImage(image, predictor, { ...options, preparation, labelSet, tell });
    }
  }
}

interface ImageOptions extends LabelImagesOptions {
  readonly preparation: Preparation;
  readonly labelSet: LabelSet;
  readonly tell: (share: number) => void;
}

async function labelImage(image: ImageToLabel, predictor: Predictor, options: ImageOptions): Promise<LabelOutcome> {
  const { id, files, label: file } = image;
  const {
    preparation,
    labelSet,
    nonfinite,
    geometry,
    memoryBytes = machineBytes(),
    probabilities = false,
    tell,
  } = options;
  const began = performance.now();
  tell(0);
  try {
    const [first] = files as [string];
    const channels = preparation.normalizations.length;
    let sourceValues = 0;
    for (const each of files) sourceValues += await promisedValues(each);
    checkMemory(first, predictor.networkBytes + readingBytes({ sourceValues, channels }), memoryBytes);
    const rules = { nonfinite, geometry, countedIn: "the model" };
    const prepared = await prepareImage(files, preparation, rules);
    const { classes, patchSize } = predictor;
    const size = { sourceValues, channels, shape: prepared.shape, classes, patchDepth: patchSize[0], probabilities };
    checkMemory(first, predictor.networkBytes + labellingBytes(size), memoryBytes);
    const made = await predictor.label(prepared, prepared.geometry, { probabilities, tell });
    if (made.probabilities !== undefined)
      replaceFile(
        probabilitiesFile(image, options.out),
        probabilitiesNpz(made.probabilities, prepared.geometry.originalShape),
      );
    // The label last: where it is, the image is done.
    await writeLabel(file, first, inSourceValues(made.label, labelSet));
    const seconds = (performance.now() - began) / 1000;
    return { kind: "labelled", id, label: file, seconds, tolerated: prepared.tolerated };
  } catch (error) {
    if (error instanceof PatchstreamError && OF_ONE_IMAGE.includes(error.code)) return { kind: "failed", id, error };
    throw error;
  }
}

function probabilitiesFile({ id }: ImageToLabel, out: string): string {
  return join(out, `${id}.npz`);
}

/** Failures that say nothing of the other images. */
const OF_ONE_IMAGE: readonly string[] = ["INPUT_DAMAGED", "LIMIT_EXCEEDED"];

function preparationOf({ file, trainedOn }: SavedModel): Preparation {
  try {
    return parsePreparation(trainedOn.plans, trainedOn.channelNames.length);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const want = "of a model whose training data was preprocessed as nnU-Net's default is";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
  }
}

/** Models can be averaged where they take the same input and their outputs mean the same. */
function checkSameKind(first: SavedModel, other: SavedModel): void {
  const kindOf = (model: SavedModel) => ({
    preprocessing: preparationOf(model),
    channels: model.trainedOn.channelNames,
    labels: model.trainedOn.labelSet,
    patch: model.checkpoint.spec.plan.patchSize,
  });
  const [one, two] = [kindOf(first), kindOf(other)];
  for (const what of ["channels", "labels", "preprocessing", "patch"] as const) {
    if (JSON.stringify(one[what]) === JSON.stringify(two[what])) continue;
    const reason = `its ${what} ${what === "preprocessing" || what === "patch" ? "is" : "are"} not those of ${first.file}`;
    const want = "a model of the same data and plan, such as another fold";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file: other.file, reason, want });
  }
}

const isWrittenHere = (name: string) => name === LABELS_FILE || name.endsWith(".npz") || imageEnding(name) !== "";

/**
 * Writes down whose labels the folder has, and removes what a call that was killed left half-written. Throws SPEC_INVALID where it has
 * labels of other models; WRITE_FAILED.
 */
function claimFolder(out: string, record: LabelsRecord, overwrite: boolean): void {
  makeFolder(out);
  const file = join(out, LABELS_FILE);
  if (!overwrite && existsSync(file)) {
    const { models, mirror } = readNamedJson(file, "what predict wrote there") as LabelsRecord;
    if (JSON.stringify({ models, mirror }) !== JSON.stringify({ models: record.models, mirror: record.mirror })) {
      const want = "a folder without labels of other models or settings";
      throw new PatchstreamError(
        { code: "SPEC_INVALID", field: "--out", got: out, want },
        "Take another folder, or --overwrite.",
      );
    }
  }
  removeLeftBehind(out, isWrittenHere);
  replaceFile(file, labelsRecordText(record));
}
