import { refuse } from "../errors.js";
import { voxelCount, type Zyx } from "../zyx.js";
import { growPatches, growPatchesInTurn } from "./growth.js";
import { type Rounding, roundBatch } from "./rounding.js";
import type { NetworkPlan, Stage } from "./stage.js";

/** The names of all modes. */
export const MODES = [
  "constant",
  "efficiency",
  "performance",
  "progressive-resolution",
  "pgps",
  "pgps-plus",
  "rpss",
] as const;

/** A curriculum of the paper (the first four), or of MICCAI 2024. */
export type Mode = (typeof MODES)[number];

/** One share for all stages, or one that moves evenly from the first stage's to the last one's (as in CASED). */
export type ForegroundShare = number | { readonly from: number; readonly to: number };

export interface CurriculumOptions {
  readonly plan: NetworkPlan;
  readonly epochs: number;
  readonly foregroundFraction: ForegroundShare;
  /** How `performance` fills its budget: 1 fills it, 0 is `efficiency`. */
  readonly budgetFraction: number;
  readonly rounding: Rounding;
}

/** A stage without what all modes share: its epochs and foreground share. */
type Sizes = Pick<Stage, "patchSize" | "batchSize" | "cropSize">;

const SIZES: Readonly<Record<Mode, (options: CurriculumOptions) => Sizes[]>> = {
  constant,
  efficiency,
  performance,
  "progressive-resolution": progressiveResolution,
  pgps,
  "pgps-plus": pgpsPlus,
  rpss: pgps,
};

/** The stages of a mode, in order. Throws SPEC_INVALID when there are fewer epochs than stages. */
export function planStages(mode: Mode, options: CurriculumOptions): Stage[] {
  const sizes = SIZES[mode](options);
  const epochs = splitEpochs(options.epochs, sizes.length);
  return sizes.map((size, index) => ({
    ...size,
    epochs: epochs[index] as number,
    foregroundFraction: foregroundFractionOf(options.foregroundFraction, index, sizes.length),
  }));
}

/** nnU-Net without a curriculum (the paper's CPS). */
function constant({ plan }: CurriculumOptions): Sizes[] {
  return [{ patchSize: plan.patchSize, batchSize: plan.batchSize }];
}

/** PGPS-Efficiency: the patch grows, the batch stays (paper, 2.3 and 2.4.2). */
function efficiency({ plan }: CurriculumOptions): Sizes[] {
  return growPatches(plan).map((patchSize) => ({ patchSize, batchSize: plan.batchSize }));
}

/**
 * PGPS-Performance: the patch grows, the batch fills the voxels of the plan's own batch, or the share `budgetFraction`
 * of what `efficiency` leaves free of them (paper, 2.3 and 2.4.2, where the fraction is 1).
 */
function performance({ plan, budgetFraction, rounding }: CurriculumOptions): Sizes[] {
  const budget = plan.batchSize * voxelCount(plan.patchSize);
  return growPatches(plan).map((patchSize) => {
    const used = plan.batchSize * voxelCount(patchSize);
    const fitting = (used + budgetFraction * (budget - used)) / voxelCount(patchSize);
    return { patchSize, batchSize: roundBatch(rounding, fitting, plan.batchSize) };
  });
}

/** Progressive Resolution: the plan's patch is cut and resampled to a growing size (paper, 3.4). */
function progressiveResolution({ plan }: CurriculumOptions): Sizes[] {
  const { batchSize, patchSize: cropSize } = plan;
  return growPatches(plan).map((patchSize) => ({ patchSize, batchSize, cropSize }));
}

/** PGPS of MICCAI 2024; RPSS draws from the same stages. */
function pgps({ plan }: CurriculumOptions): Sizes[] {
  return growPatchesInTurn(plan).map((patchSize) => ({ patchSize, batchSize: plan.batchSize }));
}

/**
 * PGPS+ of MICCAI 2024. Its batches are made backwards from 2 at the last stage, whatever the plan's batch; each fills the
 * voxels of the one after it, rounded down, and is then raised to the plan's.
 */
function pgpsPlus({ plan }: CurriculumOptions): Sizes[] {
  let batch = 2;
  let next: Zyx = plan.patchSize;
  const stages = growPatchesInTurn(plan).reverse();
  return stages
    .map((patchSize) => {
      batch = Math.floor((voxelCount(next) / voxelCount(patchSize)) * batch);
      next = patchSize;
      return { patchSize, batchSize: Math.max(batch, plan.batchSize) };
    })
    .reverse();
}

/** Epochs of each of `stages` stages: floor(epochs / stages), and the last one has what is left over. */
export function splitEpochs(epochs: number, stages: number): number[] {
  if (epochs < stages) {
    refuse("data.epochs", epochs, `at least ${stages}, one epoch for each of the ${stages} stages`);
  }
  const each = Math.floor(epochs / stages);
  return Array.from({ length: stages }, (_, index) => (index < stages - 1 ? each : epochs - each * (stages - 1)));
}

/** The foreground share of stage number `index` of `stages`; a single stage has the final one. */
function foregroundFractionOf(share: ForegroundShare, index: number, stages: number): number {
  if (typeof share === "number") return share;
  if (index === stages - 1) return share.to;
  return share.from + ((share.to - share.from) * index) / (stages - 1);
}
