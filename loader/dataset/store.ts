import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import type { LabelSet } from "../../plan/label-set.js";
import type { Zyx } from "../../plan/zyx.js";
import type { StoreRecord } from "./store-metadata.js";

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

/**
 * Where an open store's bytes come from, and the record of the generation that it reads. Plain data: a thread that is given it
 * opens the same generation, whatever lies there by then.
 */
export type StoreLocation = { readonly kind: "folder"; readonly path: string; readonly record: StoreRecord };

/**
 * An open store: one generation of it. Every read is held against what its record pins, and throws STORE_DAMAGED naming case and
 * array where the bytes are not those that were written.
 */
export interface Store extends AsyncDisposable {
  /** What messages call it: its folder. */
  readonly path: string;
  readonly location: StoreLocation;
  readonly dataset: Dataset;
  /** Bytes of chunks decoded by its reads so far. */
  readonly decodedBytes: number;
  /** (C,Z,Y,X) float32, whole or a region, C order; in `into`, of that very length, where given. */
  readImage(caseId: string, region?: Region, into?: Float32Array): Promise<Float32Array>;
  /**
   * (Z,Y,X) int16, whole or a region; -1 where nnU-Net's crop to nonzero masked it. `into` as in `readImage`, or of int8 where no
   * class is above 127.
   */
  readLabel<Into extends Int8Array | Int16Array = Int16Array>(
    caseId: string,
    region?: Region,
    into?: Into,
  ): Promise<Into>;
  /** (Z,Y,X) int16: the label on the original grid, `Geometry.originalShape`. Throws NOT_FOUND for an unlabelled case, and for one that came without it. */
  readReference(caseId: string): Promise<Int16Array>;
  /**
   * (n,3) Z,Y,X voxels of `classValue`, at most 10,000 (or 1 %), in store voxels; all, or those from `start` up to `end`.
   * `into` as in `readImage`.
   */
  readLocations(
    caseId: string,
    classValue: number,
    range?: { readonly start: number; readonly end: number },
    into?: Uint32Array,
  ): Promise<Uint32Array>;
}
