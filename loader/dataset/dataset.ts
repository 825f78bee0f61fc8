import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import type { LabelSet } from "../../plan/label-set.js";
import type { Zyx } from "../../plan/zyx.js";

/** A box of store voxels (Z,Y,X): `start` inside, `end` outside. */
export interface Region {
  readonly start: Zyx;
  readonly end: Zyx;
}

/**
 * How a stored case maps back to its original file (docs/reference/store.md). All in original array order where not
 * said.
 */
export interface Geometry {
  /** Row-major 4x4 voxel-to-world (mm) matrix of the source file, for (x,y,z) voxel indices. */
  readonly affine: readonly number[];
  /** Source array shape (Z,Y,X) before anything was done to it. */
  readonly originalShape: Zyx;
  /** Source spacing in mm (Z,Y,X). */
  readonly originalSpacingMm: Zyx;
  /** Axis i of the store is axis `transpose[i]` of the source (nnU-Net's transpose_forward). */
  readonly transpose: Zyx;
  /** Box kept by the crop to nonzero, in transposed source voxels. */
  readonly cropStart: Zyx;
  readonly cropEnd: Zyx;
  /** Spacing in mm (Z,Y,X) of the stored volume. */
  readonly spacingMm: Zyx;
  /**
   * The header of a label that lies where the first image lies, base64 (`nifti/label-header.ts`). Absent where that was no NIfTI file, and in
   * stores that were made before it was kept.
   */
  readonly labelHeader?: string;
}

/** A case of the store. */
export interface StoredCase {
  readonly id: string;
  /** Stored shape (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly spacingMm: Zyx;
  /** Stored locations of each class, in the order of `locationClasses`. */
  readonly foregroundCounts: readonly number[];
  /** SHA-256 (hex) of decoded image, label and foreground index, as docs/reference/store.md orders them. */
  readonly digest: string;
  readonly geometry: Geometry;
  /** Present where it has no label: it is there for prediction, its stored label is 0 (-1 outside), and it has no reference. */
  readonly unlabelled?: true;
}

/** Says of a case with `unlabelled` that is asked for its label what is the matter. */
export const NO_LABEL = "It was stored without one, for prediction.";

/** Everything about a store that is small: read once when it is opened. */
export interface Dataset extends LabelSet {
  readonly name: string;
  /** SHA-256 (hex) over the sorted case list (docs/reference/store.md). */
  readonly digest: string;
  /** Channel names, in channel order. */
  readonly channelNames: readonly string[];
  /** Channels that were normalised within a mask (label >= 0), ascending: nnU-Net's `use_mask_for_norm`. */
  readonly maskedChannels: readonly number[];
  /** The plan of nnU-Net's planner, or of the plans.json given at ingest. */
  readonly plan: NetworkPlan;
  /** `batch_dice` of that plans.json: whether a training's Dice loss sums over the batch. Absent in stores that were made before it was read. */
  readonly batchDice?: boolean;
  /** Sorted by id. */
  readonly cases: readonly StoredCase[];
}
