import { PatchstreamError, refuse } from "../../plan/errors.js";
import { parseDataSpec } from "../../plan/index.js";
import { entries, integer, object } from "../../plan/run-spec/read.js";
import { parseTrainingSpec } from "../../trainer/index.js";
import type { Settings } from "./study-spec.js";

/** Fields of a run spec that are decided elsewhere in a study, with where. */
export type DecidedElsewhere = Readonly<Record<string, string>>;

const POINT_DATA: DecidedElsewhere = {
  dataset: "datasets say it",
  datasetDigest: "datasets say it",
  seed: "seeds say it",
};

/** In the common `data`, and in a network's. */
export const COMMON_DATA: DecidedElsewhere = {
  ...POINT_DATA,
  mode: "methods say it",
  stages: "methods say it",
  stageOrder: "methods say it",
  strategy: "strategies or methods say it",
};

export const NETWORK_DATA: DecidedElsewhere = {
  ...COMMON_DATA,
  split: "data.split says it for all",
  plan: "plans say it",
};
export const METHOD_DATA: DecidedElsewhere = { ...POINT_DATA, split: "data.split says it for all" };
export const COMMON_TRAINING: DecidedElsewhere = { seed: "seeds say it", network: "networks say it" };
export const NETWORK_TRAINING: DecidedElsewhere = { seed: "seeds say it" };

/** Runs `read`; a field that it refuses under `from` is named under `field` instead. */
export function within<Value>(from: string, field: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PatchstreamError) || error.facts.code !== "SPEC_INVALID") throw error;
    const rest = error.facts.field.startsWith(from) ? error.facts.field.slice(from.length) : `: ${error.facts.field}`;
    const hint = error.hint?.replaceAll(`${from}.`, `${field}.`);
    throw new PatchstreamError({ ...error.facts, field: `${field}${rest}` }, hint);
  }
}

function settings(value: unknown, field: string, elsewhere: DecidedElsewhere): Settings {
  const given = entries(value, field);
  for (const [key, entry] of given) {
    const where = Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
    if (where !== undefined) refuse(`${field}.${key}`, entry, `left out, since ${where}`);
  }
  return Object.fromEntries(given);
}

/** Settings of the data half of a run, each valid by itself. Throws SPEC_INVALID naming the field under `field`. */
export function parseDataSettings(value: unknown, field: string, elsewhere: DecidedElsewhere): Settings {
  const given = settings(value, field, elsewhere);
  within("data", field, () => parseDataSpec({ dataset: "any", ...given }));
  return given;
}

/** Settings of the training half of a run, each valid by itself. Throws SPEC_INVALID naming the field under `field`. */
export function parseTrainingSettings(value: unknown, field: string, elsewhere: DecidedElsewhere): Settings {
  const given = settings(value, field, elsewhere);
  within("training", field, () => parseTrainingSpec(given));
  return given;
}

const MAX_SPLIT_SEED = 2 ** 32 - 1;
const MAX_FOLDS = 1000;
const readSplit = object({ folds: integer(2, MAX_FOLDS), seed: integer(0, MAX_SPLIT_SEED) });

/** The folds of the common `data.split`: their number and seed, nothing else. Throws SPEC_INVALID. */
export function foldsOf(data: Settings): number {
  const { folds = 5 } = readSplit(data.split ?? {}, "data.split");
  return folds;
}
