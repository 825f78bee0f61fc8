import { checkNetworkPlan, checkPatch, poolingOfStrides } from "../curriculum/network-plan.js";
import type { NetworkPlan } from "../curriculum/stage.js";
import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import { readBatchSize, readFeatures, readKernelSizes, readPatchSize, readStrides } from "./plan-spec.js";
import { entries, integer } from "./read.js";

const CONFIGURATION = "3d_fullres";

/** Fields of an object of the file; it may have others. */
function members(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries(value, field));
}

/**
 * The network plan in nnU-Net v2's plans.json, configuration 3d_fullres: with `architecture`, or with the older
 * `pool_op_kernel_sizes` and similar fields. Throws SPEC_INVALID naming the field in the file.
 */
export function parseNnunetPlans(json: unknown): NetworkPlan {
  const plans = members(json, "plans.json");
  const configurations = members(plans.configurations, "plans.json: configurations");
  const field = `plans.json: configurations.${CONFIGURATION}`;
  if (configurations[CONFIGURATION] === undefined) {
    refuse(field, undefined, "in the file", `It has: ${Object.keys(configurations).join(", ")}.`);
  }
  const configuration = members(configurations[CONFIGURATION], field);
  const patchSize = readPatchSize(configuration.patch_size, `${field}.patch_size`);
  const batchSize = readBatchSize(configuration.batch_size, `${field}.batch_size`);
  const network =
    configuration.architecture === undefined ? olderNetwork(configuration, field) : newerNetwork(configuration, field);
  const plan = { patchSize, batchSize, ...network };
  checkPatch(plan, patchSize, `${field}.patch_size`);
  return checkNetworkPlan(plan, field);
}

type Network = Required<Pick<NetworkPlan, "pooling" | "strides" | "kernelSizes" | "features">>;

function newerNetwork(configuration: Readonly<Record<string, unknown>>, field: string): Network {
  const architecture = members(configuration.architecture, `${field}.architecture`);
  const path = `${field}.architecture.arch_kwargs`;
  const kwargs = members(architecture.arch_kwargs, path);
  const strides = readStrides(kwargs.strides, `${path}.strides`);
  return {
    pooling: poolingOfStrides(strides, `${path}.strides`),
    strides,
    kernelSizes: readKernelSizes(kwargs.kernel_sizes, `${path}.kernel_sizes`),
    features: readFeatures(kwargs.features_per_stage, `${path}.features_per_stage`),
  };
}

/** Before nnU-Net 2.2 plans held the features of the finest level and their upper bound. */
function olderNetwork(configuration: Readonly<Record<string, unknown>>, field: string): Network {
  const strides = readStrides(configuration.pool_op_kernel_sizes, `${field}.pool_op_kernel_sizes`);
  const readCount = integer(1, LIMITS.features);
  const base = readCount(configuration.UNet_base_num_features, `${field}.UNet_base_num_features`);
  const most = readCount(configuration.unet_max_num_features, `${field}.unet_max_num_features`);
  return {
    pooling: poolingOfStrides(strides, `${field}.pool_op_kernel_sizes`),
    strides,
    kernelSizes: readKernelSizes(configuration.conv_kernel_sizes, `${field}.conv_kernel_sizes`),
    features: strides.map((_, level) => Math.min(base * 2 ** level, most)),
  };
}
