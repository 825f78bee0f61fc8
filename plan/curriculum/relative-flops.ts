import { voxelCount } from "../zyx.js";
import type { NetworkPlan, Stage } from "./stage.js";

/** Voxels a training of these stages iterates over for each step of an epoch. */
function voxelEpochs(stages: readonly Pick<Stage, "patchSize" | "batchSize" | "epochs">[]): number {
  return stages.reduce((sum, { patchSize, batchSize, epochs }) => sum + epochs * batchSize * voxelCount(patchSize), 0);
}

/**
 * Voxels iterated over, as a fraction of a constant-patch training of equal length: the paper's relative FLOPs (3.2.3).
 * `counted` are the stages that enter the numerator; the paper's figures for Performance are those without the first.
 */
export function relativeFlops(plan: NetworkPlan, stages: readonly Stage[], counted: readonly Stage[] = stages): number {
  const epochs = stages.reduce((sum, stage) => sum + stage.epochs, 0);
  return voxelEpochs(counted) / voxelEpochs([{ ...plan, epochs }]);
}
