import { roundHalfToEven } from "../round-half-to-even.js";
import type { ResolvedSpec } from "../run-spec/resolved-spec.js";
import type { Zyx } from "../zyx.js";
import type { NetworkPlan } from "./stage.js";

/**
 * Strides (Z,Y,X) of a U-Net's levels, finest first: the plan's own where it has them. Otherwise there is one level more than
 * the most pooled axis has poolings, and an axis with fewer poolings has them in the finest levels (nnU-Net,
 * `get_pool_and_conv_props`, for equal spacings).
 */
export function stridesOf({ strides, pooling }: Pick<NetworkPlan, "strides" | "pooling">): readonly Zyx[] {
  const along = (level: number, axis: 0 | 1 | 2) => (level > 0 && level <= pooling[axis] ? 2 : 1);
  const levels = Math.max(...pooling) + 1;
  return (
    strides ?? Array.from({ length: levels }, (_, level): Zyx => [along(level, 0), along(level, 1), along(level, 2)])
  );
}

/**
 * Sizes (Z,Y,X, voxels) of the further labels of deep supervision, finest first: one for each level but the first, which has
 * the full label, and the bottleneck, which has none. Empty without deep supervision. Each is the patch divided by the strides
 * so far, rounded as Python rounds (nnU-Net, `_get_deep_supervision_scales`; batchgeneratorsv2, `DownsampleSegForDSTransform`).
 */
export function deepLabelSizes(
  { plan, deepSupervision }: Pick<ResolvedSpec, "plan" | "deepSupervision">,
  patchSize: Zyx,
): Zyx[] {
  if (!deepSupervision) return [];
  const passed: [number, number, number] = [1, 1, 1];
  return stridesOf(plan)
    .slice(1, -1)
    .map((stride) => {
      for (const axis of [0, 1, 2] as const) passed[axis] *= stride[axis];
      const size = (axis: 0 | 1 | 2) => roundHalfToEven(patchSize[axis] / passed[axis]);
      return [size(0), size(1), size(2)];
    });
}
