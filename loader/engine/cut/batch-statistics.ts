import { voxelCount, type Zyx } from "../../../plan/zyx.js";

/** What a batch shows the network (Figure 4 of the paper); shares of 1. */
export interface BatchStatistics {
  /** Voxels of a foreground class, of all voxels. */
  readonly foregroundShare: number;
  /** Foreground classes with a voxel in the batch, of all that the data set has. */
  readonly classesSeen: number;
  /** Voxels of a patch, of those of the final patch. */
  readonly patchSizeRatio: number;
}

/** A batch whose classes were counted. */
export interface CountedBatch {
  readonly samples: number;
  readonly patchSize: Zyx;
  /** Voxels of each foreground class of the data set in the batch. */
  readonly classVoxels: readonly number[];
}

/** The statistics of a batch of a run whose last patch is `finalPatchSize` (Z,Y,X). */
export function batchStatistics(
  { samples, patchSize, classVoxels }: CountedBatch,
  finalPatchSize: Zyx,
): BatchStatistics {
  const foreground = classVoxels.reduce((sum, voxels) => sum + voxels, 0);
  return {
    foregroundShare: foreground / (samples * voxelCount(patchSize)),
    classesSeen: classVoxels.filter((voxels) => voxels > 0).length / Math.max(1, classVoxels.length),
    patchSizeRatio: voxelCount(patchSize) / voxelCount(finalPatchSize),
  };
}
