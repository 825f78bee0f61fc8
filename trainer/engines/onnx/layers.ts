import type { Layers } from "../../networks/layers.js";
import { elementCount, type Parameter } from "../../networks/parameter.js";
import type { Value } from "./graph.js";
import { add } from "./operators/add.js";
import { attention } from "./operators/attention.js";
import { averagePool } from "./operators/average-pool.js";
import { concatenate } from "./operators/concatenate.js";
import { convolution } from "./operators/convolution.js";
import { embedPatches } from "./operators/embed-patches.js";
import { gelu } from "./operators/gelu.js";
import { type Affine, instanceNorm } from "./operators/instance-norm.js";
import { layerNorm } from "./operators/layer-norm.js";
import { leakyRelu } from "./operators/leaky-relu.js";
import { linear } from "./operators/linear.js";
import { addPositions } from "./operators/positions.js";
import { upsample } from "./operators/upsample.js";
import { crop, mergeBlocks, pad, roll } from "./operators/volumes.js";
import type { Tape } from "./tape.js";

/** The named tensors in `flat`, which holds the values of all `parameters` one after the other. */
export function unpackParameters(tape: Tape, flat: Value, parameters: readonly Parameter[]): Map<string, Value> {
  const extents = parameters.map(({ shape }) => elementCount(shape));
  const parts = tape.graph.split(flat, 0, extents);
  return new Map(
    parameters.map(({ name, shape }, index) => {
      const value = tape.graph.reshape(parts[index] as Value, shape);
      tape.watch(value);
      return [name, value];
    }),
  );
}

/** A network's layers as nodes of a graph, recorded on `tape`. */
export function graphLayers(tape: Tape, parameters: ReadonlyMap<string, Value>): Layers<Value> {
  const parameter = (name: string): Value => {
    const value = parameters.get(name);
    if (value === undefined) throw new RangeError(`the network has no parameter ${name}`);
    return value;
  };
  const weightOf = (layer: string): Value => parameter(`${layer}.weight`);
  const biasOf = (layer: string): Value => parameter(`${layer}.bias`);
  const affineOf = (layer: string | undefined): Affine | undefined =>
    layer === undefined ? undefined : { scale: weightOf(layer), shift: biasOf(layer) };
  return {
    convolution: (input, name, { stride, bias }) =>
      convolution(tape, input, weightOf(name), bias ? biasOf(name) : undefined, stride),
    upsample: (input, name, { bias }) => upsample(tape, input, weightOf(name), bias ? biasOf(name) : undefined),
    embedPatches: (input, name) => embedPatches(tape, input, weightOf(name), biasOf(name)),
    linear: (input, name, { bias }) => linear(tape, input, weightOf(name), bias ? biasOf(name) : undefined),
    instanceNorm: (input, name) => instanceNorm(tape, input, affineOf(name)),
    layerNorm: (input, name) => layerNorm(tape, input, affineOf(name)),
    addPositions: (input, name, grid) => addPositions(tape, input, parameter(name), grid),
    attention: (input, shape) => attention(tape, input, shape, shape.windows && parameter(shape.windows.offsets.table)),
    averagePool: (input, stride) => averagePool(tape, input, stride),
    leakyRelu: (input) => leakyRelu(tape, input),
    gelu: (input) => gelu(tape, input),
    add: (first, second) => add(tape, first, second),
    concatenate: (first, second) => concatenate(tape, first, second),
    pad: (input, after) => pad(tape, input, after),
    crop: (input, size) => crop(tape, input, size),
    roll: (input, by) => roll(tape, input, by),
    mergeBlocks: (input, block, order) => mergeBlocks(tape, input, block, order),
  };
}
