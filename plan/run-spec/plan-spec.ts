import { stridesOf } from "../curriculum/levels.js";
import { checkNetworkPlan, poolingOfStrides } from "../curriculum/network-plan.js";
import { fitBlocks } from "../curriculum/residual-blocks.js";
import type { NetworkPlan } from "../curriculum/stage.js";
import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import type { Zyx } from "../zyx.js";
import { entries, type Fields, integer, list, object, type Read, required, zyx } from "./read.js";

export const readPatchSize = zyx(1, LIMITS.patchAxis);
export const readBatchSize = integer(1, LIMITS.batchSize);
export const readStrides = list(zyx(1, 2), 1, LIMITS.levels);
export const readKernelSizes: Read<readonly Zyx[]> = (value, field) => {
  const kernels = list(zyx(1, 15), 1, LIMITS.levels)(value, field);
  const even = kernels.findIndex((kernel) => kernel.some((size) => size % 2 === 0));
  return even < 0 ? kernels : refuse(`${field}[${even}]`, kernels[even], "made of odd sizes");
};
export const readFeatures = list(integer(1, LIMITS.features), 1, LIMITS.levels);
export const readBlocks = list(integer(1, LIMITS.blocks), 1, LIMITS.levels);

const planFields = {
  patchSize: readPatchSize,
  batchSize: readBatchSize,
  pooling: zyx(0, LIMITS.poolings),
  minimum: readPatchSize,
  increment: readPatchSize,
  strides: readStrides,
  kernelSizes: readKernelSizes,
  features: readFeatures,
  blocks: readBlocks,
};

/** A plan as written in a spec: each field valid by itself, any of them left out. */
export type PlanSpec = Fields<typeof planFields>;

/** Fields that nnU-Net's plans.json names in its own way. */
const NNUNET_NAMES = {
  patch_size: "patchSize",
  batch_size: "batchSize",
  kernel_sizes: "kernelSizes",
  features_per_stage: "features",
  n_blocks_per_stage: "blocks",
} as const satisfies Readonly<Record<string, keyof PlanSpec>>;

/** A plan as it may be written: under our names or nnU-Net's. */
export type PlanSpecInput = PlanSpec & {
  readonly [Name in keyof typeof NNUNET_NAMES]?: NonNullable<PlanSpec[(typeof NNUNET_NAMES)[Name]]>;
};

const NAME_OF: ReadonlyMap<string, string> = new Map(Object.entries(NNUNET_NAMES));

const readPlanFields = object(planFields);

/** Reads a plan's fields, under our names or nnU-Net's. */
export const readPlanSpec: Read<PlanSpec> = (value, field) => {
  const renamed = new Map<string, unknown>();
  for (const [key, entry] of entries(value, field)) {
    const ours = NAME_OF.get(key) ?? key;
    if (renamed.has(ours))
      refuse(`${field}.${key}`, entry, `left out, since ${field}.${ours} is given under another name`);
    renamed.set(ours, entry);
  }
  return readPlanFields(Object.fromEntries(renamed), field);
};

/** Reads a plan that stands by itself. Throws SPEC_INVALID naming the field under `field`. */
export function parseNetworkPlan(value: unknown, field: string): NetworkPlan {
  const given = readPlanSpec(value, field);
  const patchSize = required(given.patchSize, `${field}.patchSize`, "three integers (Z,Y,X)");
  const batchSize = required(given.batchSize, `${field}.batchSize`, `an integer from 1 to ${LIMITS.batchSize}`);
  return checkNetworkPlan({ ...given, patchSize, batchSize, pooling: poolingOf(given, field) }, field);
}

/**
 * The given fields over the data set's plan. Poolings, strides and own sizes describe one network: where any of them is
 * given, none is taken from the data set, and neither are its kernels and features. Its kind stays: a data set that was planned for
 * residual blocks has as many on each level of another U-Net too.
 */
export function resolvePlan(given: PlanSpec, planned: NetworkPlan, field: string): NetworkPlan {
  const ownNetwork = given.pooling ?? given.strides ?? given.minimum ?? given.increment;
  if (ownNetwork === undefined) return checkNetworkPlan({ ...planned, ...given }, field);
  const { patchSize, batchSize } = planned;
  const own = { patchSize, batchSize, ...given, pooling: poolingOf(given, field) };
  return checkNetworkPlan({ ...blocksOf(own, planned), ...own }, field);
}

function blocksOf(own: Pick<NetworkPlan, "pooling" | "strides">, { blocks }: NetworkPlan): Pick<NetworkPlan, "blocks"> {
  const levels = stridesOf(own).length;
  return blocks === undefined || levels === 1 ? {} : { blocks: fitBlocks(blocks, levels) };
}

/** Poolings as given, or those of the strides; a network with minimum and increment of its own needs none. */
function poolingOf({ pooling, strides, minimum, increment }: PlanSpec, field: string): NetworkPlan["pooling"] {
  if (pooling !== undefined) return pooling;
  if (strides !== undefined) return poolingOfStrides(strides, `${field}.strides`);
  if (minimum !== undefined && increment !== undefined) return [0, 0, 0];
  if (minimum === undefined && increment === undefined) {
    refuse(`${field}.pooling`, undefined, "three integers (Z,Y,X), unless strides or minimum and increment are given");
  }
  const [missing, other] = minimum === undefined ? ["minimum", "increment"] : ["increment", "minimum"];
  refuse(`${field}.${missing}`, undefined, `given with ${field}.${other}, or ${field}.pooling beside it`);
}
