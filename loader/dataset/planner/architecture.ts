import { PLAIN, RESIDUAL } from "../../../plan/run-spec/nnunet-plans.js";
import type { Zyx } from "../../../plan/zyx.js";

/** A U-Net, one entry a level, finest first. */
interface UNet {
  readonly strides: readonly Zyx[];
  readonly kernelSizes: readonly Zyx[];
  readonly features: readonly number[];
  /** Residual blocks: nnU-Net's ResidualEncoderUNet. Absent: its PlainConvUNet. */
  readonly blocks?: readonly number[] | undefined;
}

/** The arguments of nnU-Net's U-Nets that depend on their levels. */
export function levelArguments({ strides, kernelSizes, features, blocks }: UNet) {
  return {
    n_stages: strides.length,
    features_per_stage: features,
    kernel_sizes: kernelSizes,
    strides,
    ...(blocks === undefined ? { n_conv_per_stage: strides.map(() => 2) } : { n_blocks_per_stage: blocks }),
    n_conv_per_stage_decoder: strides.slice(1).map(() => (blocks === undefined ? 2 : 1)),
  };
}

/** The class of a U-Net in dynamic-network-architectures, with its module. */
export function className({ blocks }: Pick<UNet, "blocks">): string {
  return `dynamic_network_architectures.architectures.unet.${blocks === undefined ? PLAIN : RESIDUAL}`;
}

/** A network as nnU-Net's planners write it under `architecture` of a configuration. */
export function architectureOf(network: UNet) {
  const { n_stages, features_per_stage, ...perLevel } = levelArguments(network);
  return {
    network_class_name: className(network),
    arch_kwargs: {
      n_stages,
      features_per_stage,
      conv_op: "torch.nn.modules.conv.Conv3d",
      ...perLevel, // in nnU-Net's order: the file's SHA-256 tells a store from others
      conv_bias: true,
      norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
      norm_op_kwargs: { eps: 1e-5, affine: true },
      dropout_op: null,
      dropout_op_kwargs: null,
      nonlin: "torch.nn.LeakyReLU",
      nonlin_kwargs: { inplace: true },
    },
    _kw_requires_import: ["conv_op", "norm_op", "dropout_op", "nonlin"],
  };
}
