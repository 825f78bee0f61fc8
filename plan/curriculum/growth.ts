import type { Zyx } from "../zyx.js";
import type { NetworkPlan } from "./stage.js";

type Axis = 0 | 1 | 2;
const AXES: readonly Axis[] = [0, 1, 2];

/** Smallest patch of a plan's network and what it grows by (Z,Y,X, voxels). A U-Net has 2^pooling for both (paper, 2.4.2). */
export function growthOf({ pooling, minimum, increment }: NetworkPlan): { minimum: Zyx; increment: Zyx } {
  const halved: Zyx = [2 ** pooling[0], 2 ** pooling[1], 2 ** pooling[2]];
  return { minimum: minimum ?? halved, increment: increment ?? halved };
}

/** `patch` with one axis a step larger, but never beyond `last`. */
export function growAxis(patch: Zyx, axis: Axis, increment: Zyx, last: Zyx): Zyx {
  const grown: [number, number, number] = [...patch];
  grown[axis] = Math.min(patch[axis] + increment[axis], last[axis]);
  return grown;
}

/**
 * Patch sizes of the paper's modes (2.4.2), smallest first, the plan's own last. Each step grows the axis with the fewest
 * voxels among those that still can; of equal ones the lowest index. (The paper names no rule for equal axes; the lowest
 * fits its tables best.)
 */
export function growPatches(plan: NetworkPlan): Zyx[] {
  const { minimum, increment } = growthOf(plan);
  const last = plan.patchSize;
  const patches: Zyx[] = [minimum];
  for (let patch = minimum; ; ) {
    const growable = AXES.filter((axis) => patch[axis] < last[axis]);
    if (growable.length === 0) return patches;
    const smallest = growable.reduce((best, axis) => (patch[axis] < patch[best] ? axis : best));
    patch = growAxis(patch, smallest, increment, last);
    patches.push(patch);
  }
}

/**
 * Patch sizes of the MICCAI 2024 modes: the first has twice the minimum on axis 0, then the axes take turns, beginning
 * with axis 1; an axis at its final size is skipped.
 */
export function growPatchesInTurn(plan: NetworkPlan): Zyx[] {
  const { minimum, increment } = growthOf(plan);
  const last = plan.patchSize;
  let patch = growAxis(minimum, 0, increment, last);
  const patches = [patch];
  for (let turn = 1; AXES.some((axis) => patch[axis] < last[axis]); turn++) {
    const axis = (turn % 3) as Axis;
    if (patch[axis] === last[axis]) continue;
    patch = growAxis(patch, axis, increment, last);
    patches.push(patch);
  }
  return patches;
}
