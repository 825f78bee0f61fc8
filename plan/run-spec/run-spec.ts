import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import { type DataSpec, parseDataSpec } from "./data-spec.js";
import { entries, integer, name, object, type Read, real, required, truth, word } from "./read.js";

/** The training half of a run spec with its defaults: it never reaches a data server. */
export interface TrainingSpec {
  readonly network: "plain-unet";
  /** Channels of the finest level; each coarser level has twice as many. Absent: the plan's own `features`, or 32. */
  readonly baseFeatures?: number;
  /** Name of an engine, or "auto": the fastest one that is installed. */
  readonly engine: string;
  readonly optimizer: "sgd";
  readonly learningRate: number;
  /** Nesterov momentum. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest L2 norm of all gradients together. */
  readonly gradientClip: number;
  /** Dice sums run over the batch before the ratio is taken. */
  readonly batchDice: boolean;
  readonly control: { readonly kind: "scheduled" };
  /** Seed of the initial weights. */
  readonly seed: number;
}

/** A whole run: what `run.json` holds. `data` is as its author wrote it; the data server resolves it. */
export interface RunSpec {
  readonly data: DataSpec;
  readonly training: TrainingSpec;
}

const readControl = object({ kind: word(["scheduled"]) });

const control: Read<TrainingSpec["control"]> = (value, field) => {
  const { kind } = readControl(value, field);
  return { kind: required(kind, `${field}.kind`, '"scheduled"') };
};

const readFields = object({
  network: word(["plain-unet"]),
  baseFeatures: integer(1, LIMITS.features),
  engine: name,
  optimizer: word(["sgd"]),
  learningRate: real(0, 100, "above"),
  momentum: real(0, 1),
  weightDecay: real(0, 1),
  gradientClip: real(0, 1e6, "above"),
  batchDice: truth,
  control,
  seed: integer(0, Number.MAX_SAFE_INTEGER),
});

/** nnU-Net's settings (`nnUNetTrainer.py`). */
const DEFAULTS: TrainingSpec = {
  network: "plain-unet",
  engine: "auto",
  optimizer: "sgd",
  learningRate: 0.01,
  momentum: 0.99,
  weightDecay: 3e-5,
  gradientClip: 12,
  batchDice: false,
  control: { kind: "scheduled" },
  seed: 1,
};

/** Reads the training half, filling in defaults. Throws SPEC_INVALID naming the field under `training`. */
export function parseTrainingSpec(value: unknown): TrainingSpec {
  return { ...DEFAULTS, ...readFields(value, "training") };
}

/** Reads a run spec: an object with `data` and, where it trains, `training`. Throws SPEC_INVALID naming the field. */
export function parseRunSpec(value: unknown): RunSpec {
  const known = entries(value, "the run spec");
  const unknown = known.find(([key]) => key !== "data" && key !== "training");
  if (unknown !== undefined) refuse(unknown[0], unknown[1], 'left out: a run spec has "data" and "training" only');
  const { data, training } = Object.fromEntries(known);
  return { data: parseDataSpec(data), training: parseTrainingSpec(training ?? {}) };
}
