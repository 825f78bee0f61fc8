import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Layers } from "./layers.js";
import type { NetworkDescription } from "./network.js";
import type { Parameter } from "./parameters.js";
import { runNetwork } from "./run.js";

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

/** All layers of `network` for one image of `patchSize`. */
export function traceNetwork(network: NetworkDescription, patchSize: Zyx): TracedLayer[] {
  const traced: TracedLayer[] = [];
  const met = (layer: Omit<TracedLayer, "parameters"> & { parameters?: readonly Parameter[] }): Extents => {
    traced.push({ parameters: [], ...layer });
    return { channels: layer.channels, size: layer.size };
  };
  const same = (kind: TracedLayer["kind"], { channels, size }: Extents) => met({ kind, channels, size, flops: 0 });
  const weights = (name: string, shape: readonly number[], bias: number): Parameter[] => [
    { name: `${name}.weight`, shape, start: "he" },
    ...(bias > 0 ? [{ name: `${name}.bias`, shape: [bias], start: "zeros" } as const] : []),
  ];

  const layers: Layers<Extents> = {
    convolution(input, name, { outputs, kernelSize, stride, bias }) {
      const shape = [outputs, input.channels, ...kernelSize];
      const size = divided(input.size, stride);
      const flops = 2 * voxelCount(size) * outputs * input.channels * voxelCount(kernelSize);
      const parameters = weights(name, shape, bias ? outputs : 0);
      return met({ kind: "convolution", name, parameters, channels: outputs, size, flops });
    },
    upsample(input, name, { outputs, stride, bias }) {
      const shape = [input.channels, outputs, ...stride];
      const size = multiplied(input.size, stride);
      const flops = 2 * voxelCount(size) * outputs * input.channels;
      const parameters = weights(name, shape, bias ? outputs : 0);
      return met({ kind: "upsample", name, parameters, channels: outputs, size, flops });
    },
    instanceNorm({ channels, size }, name, start = "ones") {
      const parameters: Parameter[] = [
        { name: `${name}.weight`, shape: [channels], start },
        { name: `${name}.bias`, shape: [channels], start: "zeros" },
      ];
      return met({ kind: "instanceNorm", name, parameters, channels, size, flops: 0 });
    },
    averagePool: ({ channels, size }, stride) =>
      met({ kind: "averagePool", channels, size: divided(size, stride), flops: 0 }),
    leakyRelu: (input) => same("leakyRelu", input),
    add: (input) => same("add", input),
    concatenate: (first, second) =>
      met({ kind: "concatenate", channels: first.channels + second.channels, size: first.size, flops: 0 }),
  };
  runNetwork(network, layers, { channels: network.inputChannels, size: patchSize });
  return traced;
}
