import type { Augmentation } from "../augment/augmentation.js";
import type { NetworkPlan, Stage } from "../curriculum/stage.js";

/** The integer that rises whenever the bytes of any address change (a golden value moves). */
export const RECIPE = 2;

/** Whether a step's stage follows from the epochs, or is drawn from the seed (RPSS). */
export type StageOrder = "scheduled" | "random";

/** nnU-Net's share of foreground patches in a batch. */
export const NNUNET_FOREGROUND_FRACTION = 0.33;

/** Types of an image on the wire. */
export type ImageType = "f32" | "f16" | "bf16";
/** Types of a label on the wire. */
export type LabelType = "u8" | "i16";

/** Bytes of one value of a tensor on the wire. */
export const VALUE_BYTES: Readonly<Record<ImageType | LabelType, number>> = { f32: 4, f16: 2, bf16: 2, i16: 2, u8: 1 };

/** Where the channel axis of an image lies: (B,C,Z,Y,X) or (B,Z,Y,X,C). */
export type Layout = "channels-first" | "channels-last";
/** Which cases the samples of a batch come from (paper, Appendix A). */
export type Strategy = "nnunet" | "single-volume" | "multi-crop" | "split-crop" | "single-crop";

/** Numbers and types of the tensors on the wire. */
export interface WireFormat {
  readonly image: ImageType;
  readonly label: LabelType;
  readonly layout: Layout;
}

/**
 * The data half of a run spec with every default filled in: what the run digest is taken over (RFC 8785 canonical JSON).
 * It is itself a valid data spec that resolves to itself.
 */
export interface ResolvedSpec {
  readonly recipe: number;
  readonly dataset: string;
  /** SHA-256, hex. */
  readonly datasetDigest: string;
  /** Case ids, each list sorted; the same list twice for fold "all". */
  readonly split: { readonly train: readonly string[]; readonly val: readonly string[] };
  readonly plan: NetworkPlan;
  readonly stages: readonly Stage[];
  readonly stageOrder: StageOrder;
  readonly strategy: Strategy;
  readonly epochs: number;
  /** May be fractional; epoch e begins at step floor(e * stepsPerEpoch). */
  readonly stepsPerEpoch: number;
  readonly valSteps: number;
  readonly seed: number;
  readonly augmentation: readonly Augmentation[];
  readonly wire: WireFormat;
  /** Whether a batch has a label for each further decoder level too (`deepLabelSizes`). */
  readonly deepSupervision: boolean;
}
