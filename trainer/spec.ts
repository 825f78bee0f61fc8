import { refuse } from "../plan/errors.js";
import { LIMITS } from "../plan/limits.js";
import type { DataSpec } from "../plan/run-spec/data-spec.js";
import { integer, name, object, real, required, truth, word } from "../plan/run-spec/read.js";
import { parseRunDocument } from "../plan/run-spec/run-spec.js";
import { OPTIMIZERS, type OptimizerName, usualOptimizer } from "./engines/optimizers.js";
import { NETWORKS, type NetworkName } from "./networks/describe.js";

/** Who decides the stage of a step. */
export type Control =
  /** The run's schedule, and over it whoever sets a stage by hand. */
  | { readonly kind: "scheduled" }
  /** Whoever sets a stage by hand, and nobody else. */
  | { readonly kind: "manual" }
  | AdaptiveControl;

/** Advances one stage when the moving average of the pseudo Dice has stopped rising. Epochs are those since a stage began. */
export interface AdaptiveControl {
  readonly kind: "adaptive";
  /** No advance before so many epochs. */
  readonly leastEpochs: number;
  /** An advance after so many. Absent: those that the schedule has for the stage. */
  readonly mostEpochs?: number;
  /** Epochs without a rise. */
  readonly patience: number;
  /** What counts as a rise, above. */
  readonly minDelta: number;
}

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
  /** Each epoch ends with the run's validation batches. Absent: where it has any. */
  readonly validation?: boolean;
  readonly control: Control;
  /** Of the initial weights. */
  readonly seed: number;
}

/** A whole run: what `run.json` holds. `data` is as its author wrote it; the data server resolves it. */
export interface RunSpec {
  readonly data: DataSpec;
  readonly training: TrainingSpec;
}

/** `patience` is what the moving average remembers: 1 / (1 - 0.9) epochs. */
const ADAPTIVE = { leastEpochs: 1, patience: 10, minDelta: 0.001 } as const;

const readControlFields = object({
  kind: word(["scheduled", "manual", "adaptive"]),
  leastEpochs: integer(1, LIMITS.epochs),
  mostEpochs: integer(1, LIMITS.epochs),
  patience: integer(1, LIMITS.epochs),
  minDelta: real(0, 1),
});

function readControl(value: unknown, field: string): Control {
  const { kind: given, ...epochs } = readControlFields(value, field);
  const kind = required(given, `${field}.kind`, 'one of "scheduled", "manual", "adaptive"');
  if (kind === "adaptive") {
    const control = { kind, ...ADAPTIVE, ...epochs };
    const { leastEpochs, mostEpochs = leastEpochs } = control;
    if (mostEpochs < leastEpochs) refuse(`${field}.mostEpochs`, mostEpochs, `at least leastEpochs, ${leastEpochs}`);
    return control;
  }
  const [[name, got] = []] = Object.entries(epochs);
  if (name !== undefined) refuse(`${field}.${name}`, got, `left out where ${field}.kind is "${kind}"`);
  return { kind };
}

const readFields = object({
  network: word(["auto", ...NETWORKS]),
  optimizer: word(["auto", ...OPTIMIZERS]),
  validation: truth,
  control: readControl,
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
  control: { kind: "scheduled" },
  seed: 1,
} as const;

/** nnU-Net's SGD, and MONAI's recipe for its transformers (its tutorials `unetr_btcv_segmentation_3d`, `swin_unetr_brats21_segmentation_3d`). */
const RATES = {
  sgd: { learningRate: 0.01, weightDecay: 3e-5 },
  adamw: { learningRate: 1e-4, weightDecay: 1e-5 },
} as const satisfies Record<OptimizerName, Pick<TrainingSpec, "learningRate" | "weightDecay">>;

/** Reads the training half, filling in defaults. Throws SPEC_INVALID naming the field under `training`. */
export function parseTrainingSpec(value: unknown): TrainingSpec {
  const { optimizer: asked = "auto", ...settings } = readFields(value, "training");
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
