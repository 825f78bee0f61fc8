import { readFileSync } from "node:fs";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { ModelState, TrainingBatch } from "../../../trainer/engines/engine.js";
import { describeNetwork, type NetworkName } from "../../../trainer/networks/describe.js";
import type { NetworkDescription } from "../../../trainer/networks/network.js";
import { outputSizes } from "../../../trainer/networks/outputs.js";
import { elementCount } from "../../../trainer/networks/parameter.js";
import { listParameters } from "../../../trainer/networks/parameters.js";

/** One training step as PyTorch took it. */
export interface GoldenStep {
  readonly batchSize: number;
  readonly patchSize: Zyx;
  readonly batchDice: boolean;
  /** Every `stride`-th value of each output's logits, finest first. */
  readonly outputs: readonly { readonly size: Zyx; readonly stride: number; readonly values: readonly number[] }[];
  /** Operations of the forward pass of one image, by torch.utils.flop_counter. */
  readonly forwardFlops: number;
  readonly loss: number;
  /** Of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** Norm of each parameter's gradient after clipping to 12, and its product with `sequence` of its name; null where it has none. */
  readonly gradients: Readonly<Record<string, readonly [norm: number, product: number] | null>>;
}

export interface GoldenNetwork {
  readonly network: NetworkName;
  readonly plan: { readonly patchSize?: Zyx; readonly features?: readonly number[] };
  readonly baseFeatures?: number;
  readonly parameters: number;
  /** Name, shape and type of each entry of the module's state dict. */
  readonly tensors: readonly (readonly [name: string, shape: readonly number[], type: "F32" | "I64"])[];
  readonly steps: readonly GoldenStep[];
}

/** networks.py says how it is made. */
export const golden = JSON.parse(
  readFileSync(new URL("../../../../test/golden/networks.json", import.meta.url), "utf8"),
) as { readonly networks: readonly GoldenNetwork[] };

const CHANNELS = 2;
const CLASSES = 3;
const PERIOD = 65521;

/** The network that a golden entry is of. */
export function describeGolden({ network, plan, baseFeatures }: GoldenNetwork): NetworkDescription {
  const sizes = { patchSize: [32, 32, 32], batchSize: 1, pooling: [0, 0, 0] } as const;
  return describeNetwork({ ...sizes, ...plan }, { channels: CHANNELS, classes: CLASSES, network, baseFeatures });
}

/** `sequence` of networks.py: numbers from -0.5 to 0.5 that depend on `name`. */
export function sequence(name: string, count: number): Float64Array {
  let start = 0;
  for (const letter of name) start = (start * 31 + letter.charCodeAt(0)) % PERIOD;
  return Float64Array.from({ length: count }, (_, i) => ((start + 7919 * i) % PERIOD) / PERIOD - 0.5);
}

/** `known` of networks.py: the weights that both sides have. */
function knownWeights(name: string, shape: readonly number[]): Float32Array {
  const values = sequence(name, elementCount(shape));
  if (name.endsWith("relative_position_bias_table") || name.endsWith("position_embeddings"))
    return Float32Array.from(values);
  const scale = Math.sqrt(12 / elementCount(shape.slice(1)));
  if (shape.length > 1) return Float32Array.from(values, (value) => value * scale);
  return Float32Array.from(values, (value) => (name.endsWith("weight") ? 1 + 0.5 * value : 0.2 * value));
}

/** A model's state with the known weights, and momenta of 0. */
export function knownState(network: NetworkDescription): ModelState {
  return new Map(
    listParameters(network).flatMap(({ name, shape }) => [
      [`weight/${name}`, { shape, values: knownWeights(name, shape) }],
      [`momentum/${name}`, { shape, values: new Float32Array(elementCount(shape)) }],
    ]),
  );
}

/** The batch that PyTorch saw, with a label for each output. */
export function knownBatch(network: NetworkDescription, { batchSize, patchSize }: GoldenStep): TrainingBatch {
  const image = sequence("image", batchSize * CHANNELS * voxelCount(patchSize));
  const labels = outputSizes(network, patchSize).map((size, level) => {
    const values = sequence(`label${level}`, batchSize * voxelCount(size));
    return Uint8Array.from(values, (value) => Math.floor((value + 0.5) * CLASSES));
  });
  const [label, ...deepLabels] = labels as [Uint8Array, ...Uint8Array[]];
  return { image: Float32Array.from(image, (value) => 4 * value), label, deepLabels, batchSize, patchSize };
}
