import type { NetworkName } from "../networks/describe.js";

/** What the weights are changed by: nnU-Net's SGD with Nesterov momentum, or AdamW. */
export const OPTIMIZERS = ["sgd", "adamw"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

/** What `network` is trained with unless a spec says otherwise: MONAI's transformers with AdamW, as MONAI does. "auto" is always a U-Net. */
export function usualOptimizer(network: NetworkName | "auto"): OptimizerName {
  return network === "unetr" || network === "swin-unetr" ? "adamw" : "sgd";
}

/** What an update depends on besides the gradients. */
export interface UpdateSettings {
  readonly learningRate: number;
  /** Nesterov's; adamw has none. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest L2 norm of all gradients together; larger ones are scaled down to it. */
  readonly gradientClip: number;
}

/** PyTorch's defaults of AdamW: `betas` and `eps`. */
export const ADAM = { meanDecay: 0.9, squareDecay: 0.999, epsilon: 1e-8 } as const;

/** What the saved tensors begin with that an optimiser holds beside each weight. */
export const STATE_KINDS = {
  sgd: ["momentum"],
  adamw: ["adam-mean", "adam-square"],
} as const satisfies Record<OptimizerName, readonly string[]>;

/**
 * The numbers of one update, by the names that `onnx/operators/sgd.ts` and `adamw.ts` have for them. `step` counts from 1: AdamW's mean and
 * square are biased towards 0 by as many steps.
 */
export function updateScalars(
  optimizer: OptimizerName,
  settings: UpdateSettings,
  step: number,
): Record<string, number> {
  const { learningRate, momentum, weightDecay, gradientClip } = settings;
  switch (optimizer) {
    case "sgd":
      return { learningRate, momentum, weightDecay, gradientClip };
    case "adamw":
      return {
        keptShare: 1 - learningRate * weightDecay,
        stepSize: learningRate / (1 - ADAM.meanDecay ** step),
        rootCorrection: Math.sqrt(1 - ADAM.squareDecay ** step),
        gradientClip,
      };
  }
}
