import type { ReadSizes } from "./bytes/byte-reader.js";
import type { CacheSettings } from "./cache/disk-cache.js";
import type { Dataset, Region } from "./dataset.js";
import type { Patience } from "./remote/patience.js";
import type { CountMemory } from "./remote/read-counts.js";
import type { StoreRecord } from "./store-metadata.js";

/** Where a store's bytes come from. */
export type StorePlace =
  | { readonly kind: "folder"; readonly path: string }
  /** What the caller's module (`StoreOptions.reader`) reads; `path` is what it calls the place. */
  | { readonly kind: "module"; readonly path: string; readonly url: string; readonly reads: ReadSizes }
  | {
      readonly kind: "remote";
      /** What messages call it: `address` without anything secret. */
      readonly path: string;
      readonly address: string;
      readonly patience: Patience;
      readonly cache?: CacheSettings;
      /** What all threads that read it count in (`ReadCounts`). */
      readonly counts: CountMemory;
    };

/**
 * The place of an open store, and the record of the generation that it reads. Plain data: a thread that is given it opens the same
 * generation, whatever lies there by then.
 */
export type StoreLocation = StorePlace & { readonly record: StoreRecord };

/**
 * An open store: one generation of it. Every read is held against what its record pins, and throws STORE_DAMAGED naming case and
 * array where the bytes are not those that were written.
 */
export interface Store extends AsyncDisposable {
  /** What messages call it: its folder or its address. */
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
