import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Layers } from "./layers.js";
import type { NetworkDescription } from "./network.js";
import { elementCount, type Parameter, type StartValues } from "./parameter.js";
import { runNetwork } from "./run.js";
import { offsetCount } from "./swin-unetr/network.js";

/** One layer of a network, in the order in which a forward pass meets them. */
export interface TracedLayer {
  readonly kind: keyof Layers<unknown>;
  /** Prefix of its parameters; absent where it has none. */
  readonly name?: string;
  readonly parameters: readonly Parameter[];
  /** Of one sample's output. */
  readonly channels: number;
  readonly size: Zyx;
  /** Operations of its sums of products for one sample, a multiplication and an addition counted as two. */
  readonly flops: number;
}

interface Extents {
  readonly channels: number;
  readonly size: Zyx;
}

const perAxis = (of: (axis: 0 | 1 | 2) => number): Zyx => [of(0), of(1), of(2)];
const divided = (size: Zyx, by: Zyx): Zyx => perAxis((axis) => Math.ceil(size[axis] / by[axis]));
const multiplied = (size: Zyx, by: Zyx): Zyx => perAxis((axis) => size[axis] * by[axis]);

/** Start values of weights of `shape`, and of their bias: nnU-Net's for its U-Nets, PyTorch's defaults for MONAI's networks. */
function startOf({ kind }: NetworkDescription, shape: readonly number[]): { weight: StartValues; bias: StartValues } {
  if (kind === "plain-unet" || kind === "residual-unet") return { weight: "he", bias: "zeros" };
  const start = { uniform: 1 / Math.sqrt(elementCount(shape.slice(1))) };
  return { weight: start, bias: start };
}

/** All layers of `network` for one image of `patchSize`. */
export function traceNetwork(network: NetworkDescription, patchSize: Zyx): TracedLayer[] {
  const traced: TracedLayer[] = [];
  const met = (layer: Omit<TracedLayer, "parameters" | "flops"> & Partial<TracedLayer>): Extents => {
    traced.push({ parameters: [], flops: 0, ...layer });
    return { channels: layer.channels, size: layer.size };
  };
  const weights = (name: string, shape: readonly number[], bias: number): Parameter[] => {
    const start = startOf(network, shape);
    const weight: Parameter = { name: `${name}.weight`, shape, start: start.weight };
    return bias === 0 ? [weight] : [weight, { name: `${name}.bias`, shape: [bias], start: start.bias }];
  };
  const affine = (name: string, channels: number, start: "ones" | "zeros"): Parameter[] => [
    { name: `${name}.weight`, shape: [channels], start },
    { name: `${name}.bias`, shape: [channels], start: "zeros" },
  ];
  const norm = (
    kind: "instanceNorm" | "layerNorm",
    { channels, size }: Extents,
    name: string | undefined,
    start: "ones" | "zeros" = "ones",
  ): Extents => met({ kind, channels, size, ...(name && { name, parameters: affine(name, channels, start) }) });
  const convolve = (
    kind: "convolution" | "embedPatches",
    input: Extents,
    name: string,
    { outputs, kernel, stride, bias }: { outputs: number; kernel: Zyx; stride: Zyx; bias: boolean },
  ): Extents => {
    const size = divided(input.size, stride);
    const flops = 2 * voxelCount(size) * outputs * input.channels * voxelCount(kernel);
    const parameters = weights(name, [outputs, input.channels, ...kernel], bias ? outputs : 0);
    return met({ kind, name, parameters, channels: outputs, size, flops });
  };

  const layers: Layers<Extents> = {
    convolution: (input, name, { outputs, kernelSize, stride, bias }) =>
      convolve("convolution", input, name, { outputs, kernel: kernelSize, stride, bias }),
    embedPatches: (input, name, { outputs, patch }) =>
      convolve("embedPatches", input, name, { outputs, kernel: patch, stride: patch, bias: true }),
    upsample(input, name, { outputs, stride, bias }) {
      const shape = [input.channels, outputs, ...stride];
      const size = multiplied(input.size, stride);
      const flops = 2 * voxelCount(size) * outputs * input.channels;
      const parameters = weights(name, shape, bias ? outputs : 0);
      return met({ kind: "upsample", name, parameters, channels: outputs, size, flops });
    },
    linear({ channels, size }, name, { outputs, bias }) {
      const parameters = weights(name, [outputs, channels], bias ? outputs : 0);
      const flops = 2 * voxelCount(size) * outputs * channels;
      return met({ kind: "linear", name, parameters, channels: outputs, size, flops });
    },
    instanceNorm: (input, name, start) => norm("instanceNorm", input, name, start),
    layerNorm: (input, name) => norm("layerNorm", input, name),
    addPositions({ channels, size }, name, grid) {
      const parameters: Parameter[] = [{ name, shape: [1, voxelCount(grid), channels], start: "small-normal" }];
      return met({ kind: "addPositions", name, parameters, channels, size });
    },
    attention(input, { heads, windows }) {
      const channels = input.channels / 3;
      const { size } = input;
      const attended = voxelCount(windows?.window ?? size);
      // Scores, and the values that they weigh.
      const flops = 2 * 2 * voxelCount(size) * attended * channels;
      const shape = windows && [offsetCount(windows.offsets.window), heads];
      const table = shape && [{ name: windows.offsets.table, shape, start: "small-normal" } as const];
      return met({ kind: "attention", channels, size, flops, ...(table && { parameters: table }) });
    },
    averagePool: ({ channels, size }, stride) => met({ kind: "averagePool", channels, size: divided(size, stride) }),
    leakyRelu: (input) => met({ kind: "leakyRelu", ...input }),
    gelu: (input) => met({ kind: "gelu", ...input }),
    add: (input) => met({ kind: "add", ...input }),
    concatenate: (first, second) =>
      met({ kind: "concatenate", channels: first.channels + second.channels, size: first.size }),
    pad: ({ channels, size }, after) =>
      met({ kind: "pad", channels, size: perAxis((axis) => size[axis] + after[axis]) }),
    crop: ({ channels }, size) => met({ kind: "crop", channels, size }),
    roll: (input) => met({ kind: "roll", ...input }),
    mergeBlocks: ({ channels, size }, block) =>
      met({ kind: "mergeBlocks", channels: channels * voxelCount(block), size: divided(size, block) }),
  };
  runNetwork(network, layers, { channels: network.inputChannels, size: patchSize }, patchSize);
  return traced;
}
