import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { checkNamedFolder, lookAtNamed, readNamedJson } from "../disk/index.js";
import {
  farthestApartVoxels,
  imageEnding,
  type LabelVolume,
  PLACE_TOLERANCE_VOXELS,
  parseChannelsAndLabels,
  readLabelFile,
} from "../loader/index.js";
import { type LabelSet, PatchstreamError } from "../plan/index.js";
import {
  type ClassScore,
  countLabels,
  LABELS_FILE,
  type LabelCounts,
  readLabelsRecord,
  type ScoredCase,
  type ScoredClass,
  scoredClasses,
  scoreOf,
  surfaceDistances,
} from "../trainer/index.js";
import type { GatheredFolds } from "./gather-folds.js";

export interface EvaluateOptions {
  /** A dataset.json that says what the values mean; absent: what predict left beside its labels. */
  readonly dataset?: string;
  /** How far apart (mm) surfaces may lie to count as the same; absent: surfaces are not compared. */
  readonly toleranceMm?: number;
  /** Leave out references without a prediction. */
  readonly partial: boolean;
  /** Predictions that lie elsewhere in space than their reference: refused, or taken voxel on voxel as nnU-Net does. */
  readonly geometry: "strict" | "ignore";
}

export type EvaluatedLabel =
  | ({ readonly kind: "evaluated" } & ScoredCase)
  | { readonly kind: "failed"; readonly id: string; readonly error: PatchstreamError };

/** What is compared, and the files of each case. */
export interface Evaluation {
  readonly classes: readonly ScoredClass[];
  readonly cases: readonly { readonly id: string; readonly prediction: string; readonly reference: string }[];
  run(): AsyncGenerator<EvaluatedLabel>;
}

/**
 * Holds the labels in `predictions` against those of the same names in `references`, two folders or two files. Throws INPUT_DAMAGED for
 * folders that do not belong together and where nothing says what the values mean.
 */
export function evaluateLabels(predictions: string, references: string, options: EvaluateOptions): Evaluation {
  const cases = pairFiles(predictions, references, options.partial);
  return evaluationOf(cases, labelSetOf(predictions, options.dataset), options);
}

/**
 * Holds the labels of a cross-validation against the references of the same names in a folder. Throws INPUT_DAMAGED where one is missing;
 * references beyond them are left alone.
 */
export function evaluateFolds(
  { cases, labelSet }: GatheredFolds,
  references: string,
  options: Omit<EvaluateOptions, "dataset" | "partial">,
): Evaluation {
  const known = labelsIn(references);
  const pairs = cases.map(({ id, prediction }) => {
    const file = known.get(id);
    if (file === undefined)
      throw damaged(prediction, `there is no reference of this name in ${references}`, "a prediction of one");
    return { id, prediction, reference: join(references, file) };
  });
  return evaluationOf(pairs, labelSet, options);
}

function evaluationOf(
  cases: Evaluation["cases"],
  labelSet: LabelSet,
  options: Pick<EvaluateOptions, "geometry" | "toleranceMm">,
): Evaluation {
  const classes = scoredClasses(labelSet);
  const { ignoreLabel, sourceValues } = labelSet;
  const ignored = ignoreLabel === undefined ? undefined : sourceValues[ignoreLabel];
  return {
    classes,
    cases,
    async *run() {
      for (const one of cases) {
        try {
          yield { kind: "evaluated", ...one, scores: await scoresOf(one, classes, ignored, options) };
        } catch (error) {
          if (!(error instanceof PatchstreamError)) throw error;
          yield { kind: "failed", id: one.id, error };
        }
      }
    },
  };
}

function damaged(file: string, reason: string, want: string, hint?: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, hint);
}

function labelSetOf(predictions: string, dataset: string | undefined): LabelSet {
  if (dataset !== undefined) return parseChannelsAndLabels(readNamedJson(dataset, "a dataset.json"));
  const file = isFile(predictions) ? join(predictions, "..", LABELS_FILE) : join(predictions, LABELS_FILE);
  if (existsSync(file)) return readLabelsRecord(file).labelSet;
  throw damaged(
    file,
    "there is no such file",
    "there to say what label values mean",
    "Name a dataset.json with --dataset.",
  );
}

function isFile(path: string): boolean {
  return lookAtNamed(path)?.isFile() ?? false;
}

function pairFiles(predictions: string, references: string, partial: boolean): Evaluation["cases"] {
  if (isFile(predictions) && isFile(references))
    return [{ id: nameOf(predictions), prediction: predictions, reference: references }];
  const [predicted, known] = [labelsIn(predictions), labelsIn(references)];
  const unknown = [...predicted].find(([id]) => !known.has(id));
  if (unknown !== undefined)
    throw damaged(
      join(predictions, unknown[1]),
      `there is no reference of this name in ${references}`,
      "a prediction of one",
    );
  const missing = [...known].find(([id]) => !predicted.has(id));
  if (missing !== undefined && !partial) {
    const reason = `there is no prediction of it in ${predictions}`;
    throw damaged(join(references, missing[1]), reason, "predicted, or left out with --partial");
  }
  return [...predicted].map(([id, file]) => ({
    id,
    prediction: join(predictions, file),
    reference: join(references, known.get(id) as string),
  }));
}

function nameOf(file: string): string {
  return basename(file).slice(0, basename(file).length - imageEnding(file).length);
}

/** Files of labels by their names without ending, sorted by file as nnU-Net sorts them. */
function labelsIn(folder: string): Map<string, string> {
  checkNamedFolder(folder, "a folder of labels");
  const files = readdirSync(folder).filter((name) => !name.startsWith(".") && imageEnding(name) !== "");
  if (files.length === 0) throw damaged(folder, "it holds no label", "a folder of labels");
  return new Map(files.sort().map((file) => [nameOf(file), file]));
}

async function scoresOf(
  { prediction, reference }: { readonly prediction: string; readonly reference: string },
  classes: readonly ScoredClass[],
  ignored: number | undefined,
  { geometry, toleranceMm }: Pick<EvaluateOptions, "geometry" | "toleranceMm">,
): Promise<ClassScore[]> {
  const [predicted, known] = [await readLabelFile(prediction), await readLabelFile(reference)];
  checkSameGrid(prediction, predicted, reference, known, geometry);
  const counts = countLabels(
    predicted.values,
    known.values,
    classes.map(({ values }) => values),
    ignored,
  );
  const labels = [withoutIgnored(predicted, known, ignored), known.values] as const;
  return classes.map(({ values }, i) => {
    const counted = counts[i] as LabelCounts;
    const grid = { size: known.shape, spacingMm: known.spacingMm, toleranceMm: toleranceMm ?? 0 };
    const surfaces = toleranceMm === undefined ? {} : surfaceDistances(labels, values, grid);
    return { ...scoreOf(counted), ...surfaces };
  });
}

/** The prediction with the ignored value where the reference has it: no class, so that surfaces there are not compared either. */
function withoutIgnored(predicted: LabelVolume, known: LabelVolume, ignored: number | undefined): Uint16Array {
  if (ignored === undefined) return predicted.values;
  return predicted.values.map((value, voxel) => (known.values[voxel] === ignored ? ignored : value));
}

function checkSameGrid(
  file: string,
  predicted: LabelVolume,
  reference: string,
  known: LabelVolume,
  geometry: EvaluateOptions["geometry"],
): void {
  const [size, wanted] = [predicted, known].map(({ shape }) => shape.join("x"));
  if (size !== wanted) throw damaged(file, `its size (Z,Y,X) is ${size}`, `${wanted}, as in ${reference}`);
  if (geometry === "ignore") return;
  const apart = farthestApartVoxels({ ...predicted, shape: [1, ...predicted.shape] }, known);
  if (apart <= PLACE_TOLERANCE_VOXELS) return;
  const reason = `it lies ${apart.toFixed(1)} voxels from where ${reference} lies`;
  throw damaged(
    file,
    reason,
    `within ${PLACE_TOLERANCE_VOXELS} voxel, or compared with --geometry ignore, voxel on voxel`,
  );
}
