import { stridesOf } from "../../../plan/curriculum/levels.js";
import type { NetworkPlan } from "../../../plan/curriculum/stage.js";
import { PLAIN, RESIDUAL } from "../../../plan/run-spec/nnunet-plans.js";
import { entries } from "../../../plan/run-spec/read.js";
import type { Zyx } from "../../../plan/zyx.js";
import { architectureOf, className, levelArguments } from "./architecture.js";
import { featuresOf } from "./plan-network.js";

const CONFIGURATION = "3d_fullres";

/** Fields of a configuration in plans that nnU-Net wrote before 2.2, which held its network. */
const OLDER_NETWORK = new Set([
  "UNet_class_name",
  "UNet_base_num_features",
  "unet_max_num_features",
  "n_conv_per_stage_encoder",
  "n_conv_per_stage_decoder",
  "num_pool_per_axis",
  "pool_op_kernel_sizes",
  "conv_kernel_sizes",
]);

/**
 * A store's plans.json with what a run's plan decides in its configuration 3d_fullres: patch, batch and network. Everything else
 * stays. A plan without strides and poolings is of no U-Net: the network stays then too.
 */
export function plansOfRun(plansJson: unknown, plan: NetworkPlan): object {
  const plans = members(plansJson, "plans.json");
  const configurations = members(plans.configurations, "plans.json: configurations");
  const configuration = members(configurations[CONFIGURATION], `plans.json: configurations.${CONFIGURATION}`);
  const sizes = { ...configuration, batch_size: plan.batchSize, patch_size: plan.patchSize };
  const isUNet = plan.strides !== undefined || plan.pooling.some((poolings) => poolings > 0);
  const ofRun = isUNet ? withNetwork(sizes, plan) : sizes;
  return { ...plans, configurations: { ...configurations, [CONFIGURATION]: ofRun } };
}

function withNetwork(configuration: Readonly<Record<string, unknown>>, plan: NetworkPlan): object {
  const strides = stridesOf(plan);
  const kernelSizes = plan.kernelSizes ?? strides.map((): Zyx => [3, 3, 3]);
  const { blocks, features = featuresOf({ strides }) } = plan;
  const network = { strides, kernelSizes, features, blocks };
  const { architecture } = configuration;
  if (architecture === undefined) {
    const kept = Object.entries(configuration).filter(([name]) => !OLDER_NETWORK.has(name));
    return { ...Object.fromEntries(kept), architecture: architectureOf(network) };
  }
  const stored = members(architecture, "architecture");
  const kept = members(stored.arch_kwargs, "architecture.arch_kwargs");
  const storedName = String(stored.network_class_name).split(".").at(-1);
  const name = blocks === undefined ? PLAIN : RESIDUAL;
  if (storedName !== PLAIN && storedName !== RESIDUAL && blocks === undefined)
    return { ...configuration, architecture: { ...stored, arch_kwargs: { ...kept, ...otherLevels(kept, network) } } };
  const { n_conv_per_stage: _plain, n_blocks_per_stage: _residual, ...shared } = kept;
  const own = storedName === name ? kept : shared;
  const arch_kwargs = { ...own, ...levelArguments(network) };
  return { ...configuration, architecture: { ...stored, network_class_name: className(network), arch_kwargs } };
}

/** The arguments of a network other than the plain U-Net: its own counts of blocks and convolutions stay, for as many levels as there are. */
function otherLevels(kept: Readonly<Record<string, unknown>>, network: Parameters<typeof levelArguments>[0]): object {
  const { n_stages, features_per_stage, kernel_sizes, strides } = levelArguments(network);
  const fitted = Object.entries({
    n_conv_per_stage: n_stages,
    n_blocks_per_stage: n_stages,
    n_conv_per_stage_decoder: n_stages - 1,
  }).flatMap(([name, levels]) => {
    const counts = kept[name];
    if (!Array.isArray(counts)) return [];
    return [[name, Array.from({ length: levels }, (_, level) => counts[level] ?? counts.at(-1))] as const];
  });
  return { n_stages, features_per_stage, kernel_sizes, strides, ...Object.fromEntries(fitted) };
}

function members(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries(value, field));
}
