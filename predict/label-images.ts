import { existsSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { machineBytes, makeFolder, removeLeftBehind, replaceFile } from "../disk/index.js";
import {
  type CaseRules,
  type ImageToPrepare,
  imageEnding,
  type Preparation,
  type PreparedSource,
  promisedValues,
  readImageToPrepare,
  type ToleratedFlaw,
} from "../loader/index.js";
import { PatchstreamError } from "../plan/index.js";
import {
  LABELS_FILE,
  type LabelsRecord,
  labelsRecordText,
  probabilitiesNpz,
  readLabelsRecord,
} from "../trainer/index.js";
import type { Labeller, Models } from "./labeller.js";
import { type ImageToLabel, listImages } from "./list-images.js";
import { checkMemory, preparingBytes, readingBytes } from "./memory.js";
import { writeLabel } from "./write-label.js";

export interface LabelImagesOptions {
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
      /** Steps that each checkpoint held, where a trainer labelled: they may rise from image to image. */
      readonly steps?: readonly number[];
    }
  | { readonly kind: "kept"; readonly id: string; readonly label: string }
  | { readonly kind: "failed"; readonly id: string; readonly error: PatchstreamError };

/**
 * Labels images with models, of which the mean counts, and tells what became of each in turn. An image that cannot be
 * labelled does not keep the others from it. A label is written whole or not at all, and one that is there already is kept unless
 * `overwrite` says otherwise: a call that was cut short goes on where it was. Throws SPEC_INVALID for a folder with labels of others,
 * WRITE_FAILED, ENGINE_MISSING, and what a trainer refuses whatever the image.
 */
export async function* labelImages(
  models: Models,
  imagePaths: readonly string[],
  options: LabelImagesOptions,
): AsyncGenerator<LabelOutcome> {
  const { trainedOn, preparation, names, mirror } = models;
  const { channelNames, labelSet, name } = trainedOn;
  claimFolder(options.out, { dataset: name, models: names, mirror, labelSet }, options.overwrite);

  const images = listImages(imagePaths, channelNames, options.out);
  const isFinished = (one: (typeof images)[number]) =>
    "label" in one &&
    !options.overwrite &&
    existsSync(one.label) &&
    (!options.probabilities || existsSync(probabilitiesFile(one, options.out)));
  await using labeller = images.every((one) => "error" in one || isFinished(one)) ? undefined : await models.open();
  for (const [done, image] of images.entries()) {
    const { id } = image;
    if ("error" in image) yield { kind: "failed", id, error: image.error };
    else if (isFinished(image) || labeller === undefined) yield { kind: "kept", id, label: image.label };
    else {
      const tell = (share: number) => options.onProgress?.({ id, done, total: images.length, share });
      yield await labelImage(image, labeller, { ...options, preparation, tell });
    }
  }
}

interface ImageOptions extends LabelImagesOptions {
  readonly preparation: Preparation;
  readonly tell: (share: number) => void;
}

async function labelImage(image: ImageToLabel, labeller: Labeller, options: ImageOptions): Promise<LabelOutcome> {
  const { id, files, label: file } = image;
  const { probabilities = false, tell } = options;
  const began = performance.now();
  tell(0);
  try {
    const [first] = files as [string];
    const prepared = await readAndPrepare(files, labeller, options);
    const made = await labeller.label(prepared, { id, probabilities, tell });
    if (made.probabilities !== undefined)
      replaceFile(
        probabilitiesFile(image, options.out),
        probabilitiesNpz(made.probabilities, prepared.geometry.originalShape),
      );
    // The label last: where it is, the image is done.
    await writeLabel(file, first, made.label);
    const seconds = (performance.now() - began) / 1000;
    const { steps } = made;
    return { kind: "labelled", id, label: file, seconds, tolerated: prepared.tolerated, ...(steps && { steps }) };
  } catch (error) {
    if (error instanceof PatchstreamError && OF_ONE_IMAGE.includes(error.code)) return { kind: "failed", id, error };
    throw error;
  }
}

/** The input of the network. Nothing is held of the image as it was read when this has returned. */
async function readAndPrepare(
  files: readonly string[],
  { ownBytes, bytesOf }: Labeller,
  { preparation, nonfinite, geometry, memoryBytes = machineBytes(), probabilities = false }: ImageOptions,
): Promise<PreparedSource & Pick<ImageToPrepare, "tolerated">> {
  const [first] = files as [string];
  const channels = preparation.normalizations.length;
  const check = (bytes: number) => checkMemory(first, ownBytes + bytes, memoryBytes);
  let sourceValues = 0;
  for (const each of files) sourceValues += await promisedValues(each);
  check(readingBytes({ sourceValues, channels }));
  const image = await readImageToPrepare(files, preparation, { nonfinite, geometry, countedIn: "the model" });
  check(preparingBytes({ sourceValues, channels }, image.preparingBytes));
  check(bytesOf({ sourceValues, channels, shape: image.shape, probabilities }));
  return { ...image.prepare(), tolerated: image.tolerated };
}

function probabilitiesFile({ id }: ImageToLabel, out: string): string {
  return join(out, `${id}.npz`);
}

/** Failures that say nothing of the other images. */
const OF_ONE_IMAGE: readonly string[] = ["INPUT_DAMAGED", "LIMIT_EXCEEDED", "PROCESS_DIED"];

const isWrittenHere = (name: string) => name === LABELS_FILE || name.endsWith(".npz") || imageEnding(name) !== "";

/**
 * Writes down whose labels the folder has, and removes what a call that was killed left half-written. Throws SPEC_INVALID where it has
 * labels of other models; WRITE_FAILED.
 */
function claimFolder(out: string, record: LabelsRecord, overwrite: boolean): void {
  makeFolder(out);
  const file = join(out, LABELS_FILE);
  if (!overwrite && existsSync(file)) {
    const { models, mirror } = readLabelsRecord(file);
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
