import type { Zyx } from "../zyx.js";
import type { BatchPlan } from "./batch-plan.js";

/** Where one sample of a batch comes from. */
export interface Sample {
  /** Case id. */
  readonly case: string;
  readonly kind: "foreground" | "random";
  /** The class (see `LabelSet.classes`) around a voxel of which the box lies; 0 for a random box. */
  readonly class: number;
  /** The first voxel of its box (Z,Y,X, store voxels); negative where the box begins outside of the volume. */
  readonly start: Zyx;
  /** Size of the box (Z,Y,X, store voxels), before augmentation; differs from the patch under Progressive Resolution only. */
  readonly size: Zyx;
}

/** The samples of a planned batch. `lowers`: the first voxel of each box (Z,Y,X), three integers a sample, as the engine found it. */
export function batchSamples({ crops, cropSize }: BatchPlan, lowers: Int32Array): Sample[] {
  return crops.map((crop, index) => {
    const [z, y, x] = lowers.subarray(3 * index) as unknown as Zyx;
    const from = crop.kind === "foreground" ? crop.class : 0;
    const kind = crop.kind === "foreground" ? "foreground" : "random";
    return { case: crop.case, kind, class: from, start: [z, y, x], size: cropSize };
  });
}
