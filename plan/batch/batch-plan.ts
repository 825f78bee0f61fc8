import type { Transform } from "../augment/transform.js";
import type { Zyx } from "../zyx.js";

export type Timeline = "train" | "val";

/** Where a batch lies in a run. `stage` must be resolved (see `scheduledStage`) before planning. */
export interface Address {
  readonly timeline: Timeline;
  readonly step: number;
  readonly stage: number;
}

/** What planning needs to know of a case; everything else is looked up when cutting. */
export interface CaseEntry {
  readonly id: string;
  /** Stored (preprocessed) shape Z,Y,X in voxels. */
  readonly shape: Zyx;
  /** Stored foreground locations of each class, in the order of `CaseTable.classes`. */
  readonly foregroundCounts: readonly number[];
}

export interface CaseTable {
  /** Foreground label values, ascending. */
  readonly classes: readonly number[];
  /** Of the images. */
  readonly channels: number;
  readonly cases: readonly CaseEntry[];
}

interface CropBase {
  /** Index in the global batch, whatever the number of ranks. */
  readonly sample: number;
  /** Case id. */
  readonly case: string;
  readonly transforms: readonly Transform[];
}

/** A patch around stored foreground location number `location` of `class` (a label value); its start is looked up when cutting. */
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

export type Crop = ForegroundCrop | RandomCrop;

/** Which crops make up a batch (this rank's share of it), printable as JSON. */
export interface BatchPlan extends Address {
  /** Size of the tensors (Z,Y,X). */
  readonly patchSize: Zyx;
  /** Size of the box read from the volume (Z,Y,X); differs from `patchSize` under Progressive Resolution only. */
  readonly cropSize: Zyx;
  /** Samples in the batch over all ranks. */
  readonly globalBatch: number;
  readonly crops: readonly Crop[];
}
