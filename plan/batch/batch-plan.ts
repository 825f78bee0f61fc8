import type { Transform } from "../augment/transform.js";
import type { Zyx } from "../zyx.js";
import type { Address } from "./address.js";

interface CropBase {
  /** Index in the global batch, whatever the number of ranks. */
  readonly sample: number;
  /** Case id. */
  readonly case: string;
  /** Left out where they are drawn when the patch is cut: a function of the spec, the step and the sample. */
  readonly transforms?: readonly Transform[];
}

/** A patch around stored foreground location number `location` of `class` (see `LabelSet.classes`); its start is looked up when cutting. */
export interface ForegroundCrop extends CropBase {
  readonly kind: "foreground";
  readonly class: number;
  readonly location: number;
}

/** A patch whose first voxel is `lower` (Z,Y,X, store voxels; negative where it leaves the volume). */
export interface RandomCrop extends CropBase {
  readonly kind: "random";
  readonly lower: Zyx;
}

/** A random patch of a data set with an ignore label: around location number `location` of those of any label. */
export interface AnnotatedCrop extends CropBase {
  readonly kind: "annotated";
  readonly location: number;
}

/** One sample of a batch: a patch around a foreground voxel, or a random one. */
export type Crop = ForegroundCrop | RandomCrop | AnnotatedCrop;

/** A crop with its transforms. */
export type DrawnCrop = Crop & { readonly transforms: readonly Transform[] };

/** Which crops make up a batch (this rank's share of it). */
export interface BatchPlan extends Address {
  /** Size of the tensors (Z,Y,X). */
  readonly patchSize: Zyx;
  /** Size of the box read from the volume (Z,Y,X); differs from `patchSize` under Progressive Resolution only. */
  readonly cropSize: Zyx;
  /** Samples in the batch over all ranks. */
  readonly globalBatch: number;
  readonly crops: readonly Crop[];
}

/** A batch plan with every transform, printable as JSON. */
export interface DrawnBatchPlan extends BatchPlan {
  readonly crops: readonly DrawnCrop[];
}
