import type { Zyx } from "../../plan/index.js";
import type { NetworkName, StepSettings } from "../../trainer/index.js";

/** A network at a size for this comparison, and settings with which it learns in a few hundred steps. */
export interface Subject {
  readonly network: NetworkName;
  readonly baseFeatures: number;
  readonly plan: { readonly patchSize: Zyx; readonly batchSize: number; readonly pooling: Zyx };
  /** As many as the curriculum has stages. */
  readonly epochs: number;
  readonly settings: StepSettings & { readonly optimizer: "sgd" | "adamw" };
}

const UNET = {
  baseFeatures: 8,
  plan: { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] },
  epochs: 15,
  settings: { optimizer: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 },
} as const;

const ADAMW = { optimizer: "adamw", learningRate: 1e-3, momentum: 0, weightDecay: 1e-5, gradientClip: 12 } as const;

/** The paper's networks. Transformers take patches of 16 and 32 voxels a token, so theirs grow from there to 64. */
export const SUBJECTS: Readonly<Record<NetworkName, Subject>> = {
  "plain-unet": { network: "plain-unet", ...UNET },
  "residual-unet": { network: "residual-unet", ...UNET },
  unetr: {
    network: "unetr",
    baseFeatures: 4,
    plan: { patchSize: [64, 64, 64], batchSize: 2, pooling: [4, 4, 4] },
    epochs: 10,
    settings: ADAMW,
  },
  "swin-unetr": {
    network: "swin-unetr",
    baseFeatures: 12,
    plan: { patchSize: [64, 64, 64], batchSize: 2, pooling: [5, 5, 5] },
    epochs: 4,
    settings: ADAMW,
  },
};
