import { PatchstreamError, type Zyx } from "../plan/index.js";
import { integer, list, name, type Read, real, truth, word, zyx } from "../plan/run-spec/read.js";
import type {
  RunResult,
  StartedRun,
  StudyCase,
  StudyDataset,
  StudyEpoch,
  StudyPoint,
  StudyStage,
} from "./run-result.js";

const COUNT = integer(0, Number.MAX_SAFE_INTEGER);
const AMOUNT = real(0, Number.MAX_VALUE);
const NUMBER = real(-Number.MAX_VALUE, Number.MAX_VALUE);
const SHARE = real(0, 1);
const MOST = 1_000_000;

/** JSON has no NaN: what is no number is null there. */
const orNull =
  <T>(read: Read<T>): Read<T | null> =>
  (value, field) =>
    value === null ? null : read(value, field);

/**
 * Reads the fields of an object one by one; fields that nothing asks for are of a newer version and left alone. A field that
 * is missing is refused as `undefined` by its reader.
 */
function fieldsOf(value: unknown, field: string) {
  const fields: Readonly<Record<string, unknown>> =
    typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  return {
    get: <T>(key: string, read: Read<T>): T => read(fields[key], `${field}.${key}`),
    optional: <Key extends string, T>(key: Key, read: Read<T>): { readonly [K in Key]?: T } =>
      fields[key] === undefined ? {} : ({ [key]: read(fields[key], `${field}.${key}`) } as { readonly [K in Key]?: T }),
  };
}

const point: Read<StudyPoint> = (value, field) => {
  const { get } = fieldsOf(value, field);
  return {
    dataset: get("dataset", name),
    network: get("network", name),
    method: get("method", name),
    strategy: get("strategy", name),
    mirroring: get("mirroring", truth),
    fold: get("fold", COUNT),
    length: get("length", real(0, 1000, "above")),
    seed: get("seed", COUNT),
  };
};

const patchSize: Read<Zyx> = zyx(1, MOST);

const stage: Read<StudyStage> = (value, field) => {
  const { get, optional } = fieldsOf(value, field);
  return {
    stage: get("stage", COUNT),
    patchSize: get("patchSize", patchSize),
    batchSize: get("batchSize", COUNT),
    steps: get("steps", COUNT),
    stepSeconds: get("stepSeconds", AMOUNT),
    waitingSeconds: get("waitingSeconds", AMOUNT),
    flops: get("flops", AMOUNT),
    ...optional("foregroundShare", SHARE),
    ...optional("classesPerStep", AMOUNT),
    ...optional("joules", AMOUNT),
  };
};

const epoch: Read<StudyEpoch> = (value, field) => {
  const { get, optional } = fieldsOf(value, field);
  return {
    epoch: get("epoch", COUNT),
    steps: get("steps", COUNT),
    seconds: get("seconds", AMOUNT),
    loss: get("loss", orNull(NUMBER)) ?? Number.NaN,
    ...optional("pseudoDice", SHARE),
  };
};

const heldOutCase: Read<StudyCase> = (value, field) => {
  const { get } = fieldsOf(value, field);
  return { case: get("case", name), dice: get("dice", list(orNull(SHARE), 0, MOST)) };
};

const result: Read<RunResult> = (value, field) => {
  const { get, optional } = fieldsOf(value, field);
  return {
    point: get("point", point),
    outcome: get("outcome", word(["finished", "diverged"])),
    ...optional("message", (text) => String(text)),
    classes: get("classes", list(name, 0, MOST)),
    cases: get("cases", list(heldOutCase, 0, MOST)),
    dice: get("dice", list(orNull(SHARE), 0, MOST)),
    meanDice: get("meanDice", SHARE),
    stages: get("stages", list(stage, 0, MOST)),
    epochs: get("epochs", list(epoch, 0, MOST)),
    trainingSeconds: get("trainingSeconds", AMOUNT),
    ...optional("forwardSeconds", AMOUNT),
    engine: get("engine", name),
  };
};

const dataset: Read<StudyDataset> = (value, field) => {
  const { get, optional } = fieldsOf(value, field);
  return {
    name: get("name", name),
    cases: get("cases", COUNT),
    classes: get("classes", list(name, 0, MOST)),
    patchCoverage: get("patchCoverage", AMOUNT),
    smallestClassShare: get("smallestClassShare", SHARE),
    ...optional("paper", name),
  };
};

/** What a run left in `file`. Throws INPUT_DAMAGED naming the file, the field, its value and what would be right. */
export function parseRunResult(value: unknown, file: string): RunResult {
  return inFile(file, () => result(value, "result"));
}

/** The study's data sets, as `parseRunResult`. */
export function parseStudyDatasets(value: unknown, file: string): readonly StudyDataset[] {
  return inFile(file, () => list(dataset, 0, MOST)(value, "datasets"));
}

/** Which training a run is, as `parseRunResult`. */
export function parseStartedRun(value: unknown, file: string): StartedRun {
  const { get, optional } = fieldsOf(value, "training");
  return inFile(file, () => ({
    trainer: get("trainer", name),
    ...optional("key", name),
    ...optional("training", name),
  }));
}

function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof PatchstreamError) || cause.facts.code !== "SPEC_INVALID") throw cause;
    const want = "what `patchstream study` wrote";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: cause.message, want }, undefined, { cause });
  }
}
