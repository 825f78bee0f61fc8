import { refuse } from "../plan/errors.js";
import { LIMITS } from "../plan/limits.js";
import type { DataSpec } from "../plan/run-spec/data-spec.js";
import { integer, name, object, real, truth, word } from "../plan/run-spec/read.js";
import { parseRunDocument } from "../plan/run-spec/run-spec.js";
import { OPTIMIZERS, type OptimizerName, usualOptimizer } from "./engines/optimizers.js";
import { NETWORKS, type NetworkName } from "./networks/describe.js";

/** The training half of a run spec with its defaults: it never reaches a data server. */
export interface TrainingSpec {
  /** The network, or "auto": what the plan is made for. */
  readonly network: NetworkName | "auto";
  /** Channels of the finest level; each coarser level has twice as many. Absent: the plan's own `features`, or 32. */
  readonly baseFeatures?: number;
  /** Name of an engine, or "auto": the fastest one that is installed. */
  readonly engine: string;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  /** Nesterov's; adamw has none. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest L2 norm of all gradients together. */
  readonly gradientClip: number;
  /** Dice sums run over the batch before the ratio is taken. Absent: as the plan of the data servers' store has it (nnU-Net's `batch_dice`). */
  readonly batchDice?: boolean;
  /** Of the initial weights. */
  readonly seed: number;
}

/** A whole run: what `run.json` holds. `data` is as its author wrote it; the data server resolves it. */
export interface RunSpec {
  readonly data: DataSpec;
  readonly training: TrainingSpec;
}

const readFields = object({
  network: word(["auto", ...NETWORKS]),
  optimizer: word(["auto", ...OPTIMIZERS]),
  // One value: a document may name it, nothing depends on it.
  control: object({ kind: word(["scheduled"]) }),
  baseFeatures: integer(1, LIMITS.features),
  engine: name,
  learningRate: real(0, 100, "above"),
  momentum: real(0, 1),
  weightDecay: real(0, 1),
  gradientClip: real(0, 1e6, "above"),
  batchDice: truth,
  seed: integer(0, Number.MAX_SAFE_INTEGER),
});

/** nnU-Net's settings (`nnUNetTrainer.py`). */
const DEFAULTS = {
  network: "auto",
  engine: "auto",
  momentum: 0.99,
  gradientClip: 12,
  seed: 1,
} as const;

/** nnU-Net's SGD, and MONAI's recipe for its transformers (its tutorials `unetr_btcv_segmentation_3d`, `swin_unetr_brats21_segmentation_3d`). */
const RATES = {
  sgd: { learningRate: 0.01, weightDecay: 3e-5 },
  adamw: { learningRate: 1e-4, weightDecay: 1e-5 },
} as const satisfies Record<OptimizerName, Pick<TrainingSpec, "learningRate" | "weightDecay">>;

/** Reads the training half, filling in defaults. Throws SPEC_INVALID naming the field under `training`. */
export function parseTrainingSpec(value: unknown): TrainingSpec {
  const { optimizer: asked = "auto", control, ...settings } = readFields(value, "training");
  const optimizer = asked === "auto" ? usualOptimizer(settings.network ?? DEFAULTS.network) : asked;
  if (optimizer === "adamw" && settings.momentum !== undefined)
    refuse("training.momentum", settings.momentum, "left out for the optimizer adamw");
  return { ...DEFAULTS, optimizer, ...RATES[optimizer], ...settings };
}

/** Reads both halves of a run spec. Throws SPEC_INVALID naming the field. */
export function parseRunSpec(value: unknown): RunSpec {
  const { data, training } = parseRunDocument(value);
  return { data, training: parseTrainingSpec(training ?? {}) };
}
