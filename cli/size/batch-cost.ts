import { type Stage, voxelCount } from "../../plan/index.js";

/** What a batch costs a data server, in processor milliseconds. */
export interface BatchCost {
  /** Once for all trainers that share it: planning, cutting, checksum. */
  readonly cutMs: number;
  /** For every time that it is sent. */
  readonly carryMs: number;
}

/** The augmentations whose cost is stated. */
export const STATED = ["nnunet", "none"] as const;
export type StatedAugmentation = (typeof STATED)[number];

/**
 * Processor milliseconds of a data server on 2 x AMD EPYC, Node 20.20 (benchmarks/RESULTS.md): each voxel and each byte from "How many
 * trainers does one server feed?" (43 ms to cut two patches of 128^3 with nnU-Net's augmentation, 6 ms to carry them), each sample from "Which loader
 * feeds a trainer?" (small patches beside large ones, there of an engine alone, here times 1.4 as measured for the same batch in a server), the rest
 * from "How fast is the wire?".
 */
const CUT_MS: Readonly<Record<StatedAugmentation, { readonly batch: number; sample: number; voxel: number }>> = {
  nnunet: { batch: 1.5, sample: 0.024, voxel: 9.9e-6 },
  none: { batch: 1.5, sample: 0.004, voxel: 2.0e-6 },
};
const CARRY_MS_A_BYTE = 0.29e-6;

/** Where the stated costs are from. */
export const STATED_FROM = "2 x AMD EPYC, Node 20.20 (benchmarks/RESULTS.md)";

/** The stated cost of a batch of a stage, of images with `channels`. */
export function statedCost(
  { patchSize, batchSize }: Pick<Stage, "patchSize" | "batchSize">,
  { channels, augmentation }: { readonly channels: number; readonly augmentation: StatedAugmentation },
): BatchCost {
  const { batch, sample, voxel } = CUT_MS[augmentation];
  const voxels = batchSize * voxelCount(patchSize);
  return {
    cutMs: batch + sample * batchSize + voxel * voxels * channels,
    carryMs: CARRY_MS_A_BYTE * statedBytes({ patchSize, batchSize }, channels),
  };
}

/** Bytes of a batch as a run spec has them by itself: images of 4 bytes a value, labels of one. */
export function statedBytes(
  { patchSize, batchSize }: Pick<Stage, "patchSize" | "batchSize">,
  channels: number,
): number {
  return batchSize * voxelCount(patchSize) * (4 * channels + 1);
}
