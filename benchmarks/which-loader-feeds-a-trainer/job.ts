import type { DataSpecInput } from "../../client/index.js";

/** What an arm is asked to load: the same for ours and for a peer. Sizes in voxels (Z,Y,X). */
export interface Job {
  /** Folder of the exported volumes; what a peer reads. */
  readonly volumes: string;
  /** The store; what ours reads. */
  readonly store: string;
  /** The `data` part of a run spec. */
  readonly data: DataSpecInput;
  readonly stage: number;
  readonly patch: readonly number[];
  readonly planPatch: readonly number[];
  readonly batch: number;
  /** Share of foreground patches. */
  readonly foreground: number;
  readonly augmentation: Augmentation;
  /** Processes or threads that cut; 0: a peer loads in its consumer's process, ours has one thread. */
  readonly workers: number;
}

export type Augmentation = "none" | "nnunet";

/** How ours builds batches: as nnU-Net, a case for each patch, or as the paper, MONAI and TorchIO, a few cases for all. */
export type Strategy = "nnunet" | "split-crop";

/** What batches held. */
export interface Proof {
  readonly samples: number;
  readonly foregroundSamples: number;
  readonly imageShape: readonly number[];
  readonly imageType: string;
  readonly labelType: string;
}

/** Batches that were taken, one after another. */
export interface Taken {
  readonly batchSeconds: readonly number[];
  /** Of all threads of the consumer's process. */
  readonly cpuSeconds: number;
  readonly samples: number;
  readonly voxels: number;
}
