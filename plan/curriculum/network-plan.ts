import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import type { Zyx } from "../zyx.js";
import { growthOf } from "./growth.js";
import type { NetworkPlan } from "./stage.js";

const AXES = [0, 1, 2] as const;
const AXIS_NAMES = ["Z", "Y", "X"] as const;

/** Poolings per axis of nnU-Net's strides: log2 of each axis' product. Throws SPEC_INVALID unless each is 1 or 2. */
export function poolingOfStrides(strides: readonly Zyx[], field: string): Zyx {
  const pooling: [number, number, number] = [0, 0, 0];
  for (const [level, stride] of strides.entries()) {
    for (const axis of AXES) {
      if (stride[axis] === 2 && level > 0) pooling[axis] += 1;
      else if (stride[axis] !== 1) {
        const want = level === 0 ? "1: the first level keeps the full resolution" : "1 or 2";
        refuse(`${field}[${level}][${axis}]`, stride[axis], want);
      }
    }
  }
  return pooling;
}

/** Returns the plan when its numbers agree with each other; throws SPEC_INVALID naming the field under `field`. */
export function checkNetworkPlan(plan: NetworkPlan, field: string): NetworkPlan {
  checkPatch(plan, plan.patchSize, `${field}.patchSize`);
  if (plan.strides !== undefined) {
    const pooling = poolingOfStrides(plan.strides, `${field}.strides`);
    const wrong = AXES.find((axis) => pooling[axis] !== plan.pooling[axis]);
    if (wrong !== undefined) {
      const want = `${pooling[wrong]}, the strides' poolings on ${AXIS_NAMES[wrong]}`;
      refuse(`${field}.pooling[${wrong}]`, plan.pooling[wrong], want);
    }
  }
  const levels = plan.strides?.length ?? 1 + Math.max(...plan.pooling);
  for (const name of ["kernelSizes", "features", "blocks"] as const) {
    const entries = plan[name];
    if (entries !== undefined && entries.length !== levels) {
      refuse(`${field}.${name}`, entries, `a list of ${levels} entries, one for each level`);
    }
  }
  return plan;
}

/** Throws SPEC_INVALID unless a patch is a size that the plan's network takes: minimum + k x increment on each axis. */
export function checkPatch(plan: NetworkPlan, patchSize: Zyx, field: string): void {
  const { minimum, increment } = growthOf(plan);
  for (const axis of AXES) {
    const size = patchSize[axis];
    const [least, step] = [minimum[axis], increment[axis]];
    if (size >= least && (size - least) % step === 0) continue;
    const below = Math.max(least, size - ((((size - least) % step) + step) % step));
    const hint = size < least ? `Try ${least}.` : `Try ${below} or ${below + step}.`;
    refuse(`${field}[${axis}]`, size, describeSizes(plan, axis, least, step), hint);
  }
}

function describeSizes({ pooling }: NetworkPlan, axis: 0 | 1 | 2, least: number, step: number): string {
  if (least !== step) return `${least} plus a multiple of ${step}`;
  const times = pooling[axis];
  return `a multiple of ${step}${2 ** times === step ? ` (pooled ${times} times on ${AXIS_NAMES[axis]})` : ""}`;
}

/** Throws SPEC_INVALID for a batch of more voxels than any device could hold. */
export function checkBatchVoxels(patchSize: Zyx, batchSize: number, field: string): void {
  const voxels = batchSize * patchSize[0] * patchSize[1] * patchSize[2];
  if (voxels > LIMITS.batchVoxels) {
    refuse(field, batchSize, `such that a batch has at most ${LIMITS.batchVoxels} voxels (it has ${voxels})`);
  }
}
