import { checkNetworkPlan, checkPatch, poolingOfStrides } from "../curriculum/network-plan.js";
import type { NetworkPlan } from "../curriculum/stage.js";
import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import { readBatchSize, readBlocks, readFeatures, readKernelSizes, readPatchSize, readStrides } from "./plan-spec.js";
import { entries, integer } from "./read.js";

const CONFIGURATION = "3d_fullres";
/** nnU-Net's networks that are built here (dynamic_network_architectures.architectures.unet). */
export const PLAIN = "PlainConvUNet";
export const RESIDUAL = "ResidualEncoderUNet";

/** Convolutions a level that each has: in the plain encoder, and in the decoder of both. */
const PLAIN_CONVOLUTIONS = 2;
const RESIDUAL_CONVOLUTIONS = 1;

/** Fields of an object of the file; it may have others. */
function members(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries(value, field));
}

/**
 * The network plan in nnU-Net v2's plans.json, configuration 3d_fullres: with `architecture`, or with the older
 * `pool_op_kernel_sizes` and similar fields. Throws SPEC_INVALID naming the field in the file, also for another network than the
 * plain and the residual-encoder U-Net unless `networks` is "any": then it is the geometry of any network with strides, kernels
 * and features a level.
 */
export function parseNnunetPlans(json: unknown, networks: "built" | "any" = "built"): NetworkPlan {
  const plans = members(json, "plans.json");
  const configurations = members(plans.configurations, "plans.json: configurations");
  const field = `plans.json: configurations.${CONFIGURATION}`;
  if (configurations[CONFIGURATION] === undefined) {
    refuse(field, undefined, "in the file", `It has: ${Object.keys(configurations).join(", ")}.`);
  }
  const configuration = members(configurations[CONFIGURATION], field);
  const patchSize = readPatchSize(configuration.patch_size, `${field}.patch_size`);
  const batchSize = readBatchSize(configuration.batch_size, `${field}.batch_size`);
  const isOlder = configuration.architecture === undefined;
  if (networks === "built") checkIsBuilt(configuration, field, isOlder);
  const network = isOlder ? olderNetwork(configuration, field) : newerNetwork(configuration, field);
  const plan = { patchSize, batchSize, ...network };
  checkPatch(plan, patchSize, `${field}.patch_size`);
  return checkNetworkPlan(plan, field);
}

type Network = Required<Pick<NetworkPlan, "pooling" | "strides" | "kernelSizes" | "features">> &
  Pick<NetworkPlan, "blocks">;

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
    ...(networkName(architecture.network_class_name) === RESIDUAL && {
      blocks: readBlocks(kwargs.n_blocks_per_stage, `${path}.n_blocks_per_stage`),
    }),
  };
}

/** Throws for any other network than the two that are built here, and for other counts of convolutions than nnU-Net's. */
function checkIsBuilt(configuration: Readonly<Record<string, unknown>>, field: string, isOlder: boolean): void {
  if (isOlder) {
    checkNetwork(configuration.UNet_class_name, `${field}.UNet_class_name`, [PLAIN]);
    for (const name of ["n_conv_per_stage_encoder", "n_conv_per_stage_decoder"])
      checkConvolutions(configuration[name], PLAIN_CONVOLUTIONS, `${field}.${name}`);
    return;
  }
  const architecture = members(configuration.architecture, `${field}.architecture`);
  checkNetwork(architecture.network_class_name, `${field}.architecture.network_class_name`, [PLAIN, RESIDUAL]);
  const path = `${field}.architecture.arch_kwargs`;
  const kwargs = members(architecture.arch_kwargs, path);
  const decoder = "n_conv_per_stage_decoder";
  if (networkName(architecture.network_class_name) === RESIDUAL) {
    checkConvolutions(kwargs[decoder], RESIDUAL_CONVOLUTIONS, `${path}.${decoder}`);
    return;
  }
  for (const name of ["n_conv_per_stage", decoder])
    checkConvolutions(kwargs[name], PLAIN_CONVOLUTIONS, `${path}.${name}`);
}

const networkName = (value: unknown): unknown => (typeof value === "string" ? value.split(".").at(-1) : value);

/** Throws for any other network; plans that name none have nnU-Net's default. */
function checkNetwork(value: unknown, field: string, built: readonly string[]): void {
  const network = networkName(value);
  if (network === undefined || built.some((name) => name === network)) return;
  const hint = "nnU-Net's default planner plans PlainConvUNet (nnUNetPlans.json).";
  refuse(field, network, `${built.join(" or ")}, which can be trained here`, hint);
}

/** nnU-Net writes a list or one number for all levels. */
function checkConvolutions(value: unknown, count: number, field: string): void {
  const counts = Array.isArray(value) ? value : [value ?? count];
  if (counts.some((one) => one !== count)) refuse(field, value, `${count} for each level`);
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
