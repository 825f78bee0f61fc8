import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "../networks/network.js";
import type { OptimizerName, UpdateSettings } from "./optimizers.js";

/** A batch in the engine's terms. */
export interface TrainingBatch {
  /** (B,C,Z,Y,X) float32, C order. */
  readonly image: Float32Array;
  /** (B,Z,Y,X) stored label values; 255 and the ignore label do not count. */
  readonly label: Uint8Array;
  /** Labels of the network's further outputs, finest first, each (B,Z,Y,X) of its size: deep supervision. Absent or empty: none. */
  readonly deepLabels?: readonly Uint8Array[];
  readonly batchSize: number;
  readonly patchSize: Zyx;
}

/** Settings of one optimiser step. */
export interface StepSettings extends UpdateSettings {
  /** Absent: sgd. The first step of another optimiser than before begins with a state of zeros. */
  readonly optimizer?: OptimizerName;
}

/** What one optimiser step came to. */
export interface StepResult {
  /** crossEntropy - dice (nnU-Net's DC_and_CE_loss, or DC_and_BCE_loss); with deep supervision all three are weighted means over the outputs. */
  readonly loss: number;
  /** Mean over the voxels that count. Of regions the binary cross-entropy: their mean, or with an ignore label their sum, as nnU-Net has it. */
  readonly crossEntropy: number;
  /** Soft Dice of the foreground classes or regions, 0 to 1. */
  readonly dice: number;
  /** L2 norm before clipping. */
  readonly gradientNorm: number;
}

/** Voxels of one class or region, of all samples of a batch; those that do not count left out. */
export interface HardCounts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** What a network makes of a batch that it is not trained on. */
export interface ValidationResult {
  /** As of a step on the same batch. */
  readonly loss: number;
  /**
   * Of each foreground class, or each region, in the order of the data set's `classes`, at the finest output: the class of the largest
   * logit, or each region whose sigmoid is above 0.5 (nnU-Net, `validation_step`).
   */
  readonly counts: readonly HardCounts[];
}

/** Weights and the optimiser's state by name, as float32 in C order. */
export type ModelState = ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

/** A network being trained. One call at a time: each waits for the one before. */
export interface Model extends AsyncDisposable {
  /** One optimiser step: forward, loss, backward, clip, update. */
  step(batch: TrainingBatch, settings: StepSettings): Promise<StepResult>;
  /** Forward pass and loss alone: nothing of the model changes. */
  validate(batch: TrainingBatch): Promise<ValidationResult>;
  /** Logits (B,K,Z,Y,X) of the finest output for images (B,C,Z,Y,X). */
  predict(image: Float32Array, batchSize: number, patchSize: Zyx): Promise<Float32Array>;
  /**
   * A copy of weights (`weight/...`) and optimiser state: momenta (`momentum/...`), or AdamW's means, mean squares and count of steps
   * (`adam-mean/...`, `adam-square/...`, `adam-steps`).
   */
  save(): Promise<ModelState>;
  /** Takes over a state that `save` gave. */
  load(state: ModelState): Promise<void>;
}

/** What the outputs of a network stand for, in stored label values. */
export type Targets =
  /** Output k is for label value k, 0 the background: softmax. */
  | { readonly kind: "classes" }
  /** Output k is for the region that is the union of `regions[k]`: sigmoid. None is for the background. */
  | { readonly kind: "regions"; readonly regions: readonly (readonly number[])[] };

/** How the values of a label are read. */
export interface LabelOptions {
  /** Absent: classes. */
  readonly labels?: Targets;
  /** Value of voxels that nobody has labelled, above all others: they do not count. */
  readonly ignoreLabel?: number;
}

/** How a model is made. */
export interface ModelOptions extends LabelOptions {
  /** Integer, 0 to 2^53 - 1. */
  readonly seed: number;
  /** Dice sums run over the whole batch instead of each sample. */
  readonly batchDice: boolean;
  /** CPU threads of one operator. Sums depend on it in their last bits. tfjs ignores it. */
  readonly threads: number;
  /** Memory that may stay taken between two steps so that each size of a batch need be prepared once. Absent: a quarter of the machine's. tfjs keeps nothing. */
  readonly keptBytes?: number;
}

/** A backend that can train. */
export interface TrainingEngine {
  readonly name: string;
  /** Fresh weights from `seed` (each network's own initialisation), the same on every engine. */
  createModel(network: NetworkDescription, options: ModelOptions): Promise<Model>;
}
