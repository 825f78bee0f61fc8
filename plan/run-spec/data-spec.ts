import { type ForegroundShare, MODES } from "../curriculum/modes.js";
import { ROUNDINGS } from "../curriculum/rounding.js";
import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import type { Zyx } from "../zyx.js";
import { type AugmentationInput, type AugmentationProfile, readAugmentation } from "./augmentation.js";
import { type PlanSpecInput, readBatchSize, readPatchSize, readPlanSpec } from "./plan-spec.js";
import { entries, integer, list, name, object, type Read, real, required, truth, word } from "./read.js";
import type { ImageType, LabelType, Layout, StageOrder, Strategy } from "./resolved-spec.js";

const STRATEGIES: readonly Strategy[] = ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"];
const IMAGE_TYPES: readonly ImageType[] = ["f32", "f16", "bf16"];
const LABEL_TYPES: readonly LabelType[] = ["u8", "i16"];
const LAYOUTS: readonly Layout[] = ["channels-first", "channels-last"];
const STAGE_ORDERS: readonly StageOrder[] = ["scheduled", "random"];

const fraction = real(0, 1);
const epochs = integer(1, LIMITS.epochs);
const cases = list(name, 0, LIMITS.cases);

const readFall = object({ from: fraction, to: fraction });

const foregroundShare: Read<ForegroundShare> = (value, field) => {
  if (typeof value === "number") return fraction(value, field);
  const { from, to } = readFall(value, field);
  const want = "a number from 0 to 1";
  return { from: required(from, `${field}.from`, want), to: required(to, `${field}.to`, want) };
};

/** `{case: group}`, or a list of groups. */
const groups: Read<Readonly<Record<string, string>> | readonly (readonly string[])[]> = (value, field) =>
  Array.isArray(value)
    ? list(cases, 0, LIMITS.cases)(value, field)
    : Object.fromEntries(entries(value, field).map(([id, group]) => [id, name(group, `${field}.${id}`)]));

const split = object({
  folds: integer(2, LIMITS.folds),
  /** A fold counted from 0, or "all". */
  fold: (value, field) =>
    value === "all" || (Number.isInteger(value) && (value as number) >= 0)
      ? (value as number | "all")
      : refuse(field, value, 'a fold counted from 0, or "all"'),
  seed: integer(0, 2 ** 32 - 1),
  groups,
  train: cases,
  val: cases,
});

const readStageFields = object({
  patchSize: readPatchSize,
  batchSize: readBatchSize,
  epochs,
  foregroundFraction: fraction,
  cropSize: readPatchSize,
});

/** A stage of a user's own list; what is left out is filled in when it is resolved. */
export interface StageSpec extends Omit<ReturnType<typeof readStageFields>, "patchSize"> {
  readonly patchSize: Zyx;
}

const stage: Read<StageSpec> = (value, field) => {
  const fields = readStageFields(value, field);
  return { ...fields, patchSize: required(fields.patchSize, `${field}.patchSize`, "three integers (Z,Y,X)") };
};

const readFields = object({
  recipe: integer(1, 2 ** 31 - 1),
  dataset: name,
  datasetDigest: name,
  split,
  plan: readPlanSpec,
  mode: word(MODES),
  stages: list(stage, 1, LIMITS.stages),
  stageOrder: word(STAGE_ORDERS),
  budgetFraction: fraction,
  rounding: word(ROUNDINGS),
  strategy: word(STRATEGIES),
  foregroundFraction: foregroundShare,
  epochs,
  stepsPerEpoch: real(0, LIMITS.stepsPerEpoch, "above"),
  valSteps: integer(0, LIMITS.stepsPerEpoch),
  seed: integer(0, Number.MAX_SAFE_INTEGER),
  augmentation: readAugmentation,
  wire: object({ image: word(IMAGE_TYPES), label: word(LABEL_TYPES), layout: word(LAYOUTS) }),
  deepSupervision: truth,
});

/** The data half of a run spec as its author wrote it, each field valid by itself. Only `dataset` is required. */
export interface DataSpec extends Omit<ReturnType<typeof readFields>, "dataset"> {
  readonly dataset: string;
}

/**
 * The data half of a run spec as a person writes it. It has the fields that the parser reads, by construction; only `dataset`
 * is required, and what has gone through `parseDataSpec` or was resolved by a server is one too.
 */
export interface DataSpecInput extends Omit<DataSpec, "augmentation" | "plan"> {
  readonly augmentation?: AugmentationProfile | readonly AugmentationInput[];
  readonly plan?: PlanSpecInput;
}

/** Reads the data half of a run spec. Throws SPEC_INVALID naming the field under `data`, its value and what would be right. */
export function parseDataSpec(value: unknown): DataSpec {
  const spec = readFields(value, "data");
  const dataset = required(spec.dataset, "data.dataset", "the name of a data set that the server holds");
  if (spec.mode !== undefined && spec.stages !== undefined) {
    refuse("data.mode", spec.mode, "left out, since data.stages is given");
  }
  if (spec.stageOrder !== undefined && spec.stages === undefined) {
    refuse("data.stageOrder", spec.stageOrder, "left out, since it belongs to data.stages", 'See mode "rpss".');
  }
  for (const field of ["budgetFraction", "rounding"] as const) {
    if (spec[field] !== undefined && spec.mode !== "performance") {
      refuse(`data.${field}`, spec[field], 'left out, since it belongs to mode "performance"');
    }
  }
  return { ...spec, dataset };
}
