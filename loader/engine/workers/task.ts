import type { BatchAugmentation } from "../../../plan/augment/draw-augmentation.js";
import type { Transform } from "../../../plan/augment/transform.js";
import type { ErrorFacts } from "../../../plan/errors.js";
import type { WireFormat } from "../../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { StoreLocation } from "../../dataset/store.js";
import type { RunChecksum } from "../cut/batch-checksum.js";
import type { RegionRoom } from "../memory/region-source.js";
import type { SlotPlace } from "../memory/slots.js";
import type { VolumeHome } from "../memory/volume-cache.js";
import type { Workspace } from "../memory/workspaces.js";

/** What a worker is started with. */
export interface WorkerSetup {
  /** Of the store as the engine opened it. */
  readonly store: StoreLocation;
  readonly arenas: readonly WebAssembly.Memory[];
}

/** Bring a case into its place in an arena. */
export interface LoadTask {
  readonly kind: "load";
  /** Of a case that the data set has. */
  readonly caseId: string;
  readonly home: VolumeHome;
}

/** Samples of one case, to be cut into their places in a slot. */
export interface CutPart {
  /** Of a case that the data set has. */
  readonly caseId: string;
  /** Where the case lies; or, where no arena has room for all of it, room for regions of it behind the scratch. */
  readonly source: VolumeHome | RegionRoom;
  /** See `packCrops`. */
  readonly crops: Int32Array;
  /** The transforms of each crop; the worker draws those that are left out. */
  readonly transforms: readonly (readonly Transform[] | undefined)[] | undefined;
}

/** Cuts some of a batch's samples. */
export interface CutTask extends BatchAugmentation {
  readonly kind: "cut";
  /** At least one. */
  readonly parts: readonly CutPart[];
  /** Holds the scratch, in the homes' arena where there are homes. */
  readonly workspace: Workspace;
  readonly patchSize: Zyx;
  readonly wire: WireFormat;
  /** See `PatchFormat`. */
  readonly deepLabels: readonly Zyx[];
  /** Where the batch lies. */
  readonly slot: SlotPlace;
  /** Samples in the batch. */
  readonly samples: number;
  readonly checksum: boolean;
  readonly countClasses: boolean;
  /** One shared value: not 0 once the batch is not wanted any more. What is written after that is thrown away. */
  readonly stopped: Int32Array;
}

export type Task = LoadTask | CutTask;

/** What a task has written to the batch; nothing for a task that loads a case. */
export interface Written {
  /** Empty where the task takes no checksum. */
  readonly checksums: readonly RunChecksum[];
  /** Voxels of each foreground class, in the data set's order; empty where the task does not count classes. */
  readonly classVoxels: readonly number[];
  /** Four integers a sample: its place in the batch, then the first voxel of its box (Z,Y,X). */
  readonly lowers: Int32Array;
}

export interface Done {
  readonly ok: true;
  readonly written: Written;
  /** Bytes of the store's chunks that the task decoded. */
  readonly decodedBytes: number;
}

/** A task always answers, so that a rejection can only mean that its thread died. */
export type Outcome =
  | Done
  | { readonly ok: false; readonly facts: ErrorFacts; readonly hint: string | undefined }
  | { readonly ok: false; readonly bug: unknown };
