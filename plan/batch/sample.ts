import type { Zyx } from "../zyx.js";
import type { BatchPlan, Crop } from "./batch-plan.js";

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
    return { case: crop.case, ...drawnFor(sampleClass(crop)), start: [z, y, x], size: cropSize };
  });
}

/** The class that a crop was drawn for; 0 for a random one. */
export function sampleClass(crop: Crop): number {
  return crop.kind === "foreground" ? crop.class : 0;
}

/** What a sample's class says of its kind. */
export function drawnFor(of: number): Pick<Sample, "kind" | "class"> {
  return { kind: of === 0 ? "random" : "foreground", class: of };
}
