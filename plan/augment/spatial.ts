import { type DrawPlace, drawBetween, drawEvent, PURPOSE } from "../random.js";
import type { Zyx } from "../zyx.js";
import type { Range, SpatialAugmentation } from "./augmentation.js";
import { isDummy2d } from "./dummy-2d.js";
import type { Subject } from "./subject.js";
import type { SpatialTransform } from "./transform.js";

/**
 * A turn and a zoom, drawn independently (batchgeneratorsv2, `SpatialTransform.get_parameters`). Undefined where neither
 * happens: the patch is then copied without sampling between voxels.
 */
export function drawSpatial(entry: SpatialAugmentation, { place, cropSize }: Subject): SpatialTransform | undefined {
  const isTurned = drawEvent(place, PURPOSE.rotation, 0, entry.rotationProbability);
  const isScaled = drawEvent(place, PURPOSE.scaling, 0, entry.scalingProbability);
  if (!isTurned && !isScaled) return undefined;
  const inPlane = isDummy2d(cropSize);
  return {
    kind: "spatial",
    anglesRad: isTurned ? drawAngles(place, inPlane, entry) : [0, 0, 0],
    scale: isScaled ? drawBetween(place, PURPOSE.scaling, 1, entry.scaling) : 1,
    inPlane,
  };
}

function drawAngles(place: DrawPlace, inPlane: boolean, entry: SpatialAugmentation): Zyx {
  const angle = (axis: 0 | 1 | 2, degrees: Range) =>
    (drawBetween(place, PURPOSE.rotation, 1 + axis, degrees) * Math.PI) / 180;
  if (inPlane) return [angle(0, entry.inPlaneDegrees), 0, 0];
  return [angle(0, entry.rotationDegrees), angle(1, entry.rotationDegrees), angle(2, entry.rotationDegrees)];
}
