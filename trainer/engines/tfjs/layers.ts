import type { Tensor, Tensor2D, Tensor3D, Tensor5D } from "@tensorflow/tfjs-core";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { type Layers, LEAKY_SLOPE, NORM_EPSILON } from "../../networks/layers.js";
import { trilinear } from "../trilinear.js";
import { attention } from "./attention.js";
import { reorder } from "./gather.js";
import type { Tfjs } from "./tfjs.js";

type Extents5 = [number, number, number, number, number];

/**
 * A network's layers in tfjs, differentiable by tfjs itself. Tensors are (B,Z,Y,X,C), tfjs's order; parameters keep
 * PyTorch's order, as in a model's state, and are transposed where they are used.
 */
export function tfjsLayers(tf: Tfjs, parameters: ReadonlyMap<string, Tensor>): Layers<Tensor5D> {
  const parameter = (name: string): Tensor => {
    const value = parameters.get(name);
    if (value === undefined) throw new RangeError(`the network has no parameter ${name}`);
    return value;
  };
  const affine = (value: Tensor3D, name: string | undefined): Tensor3D =>
    name === undefined ? value : tf.add(tf.mul(value, parameter(`${name}.weight`)), parameter(`${name}.bias`));
  return {
    convolution(input, name, { kernelSize, stride, bias }) {
      const [z, y, x] = kernelSize.map((extent): [number, number] => [(extent - 1) / 2, (extent - 1) / 2]);
      const padded = tf.pad(input, [[0, 0], z, y, x, [0, 0]] as [number, number][]);
      const filter = tf.transpose(parameter(`${name}.weight`), [2, 3, 4, 1, 0]) as Tensor5D;
      const output = tf.conv3d(padded, filter, [...stride], "valid");
      return bias ? tf.add(output, parameter(`${name}.bias`)) : output;
    },

    // A kernel equal to its stride: each voxel is multiplied into a block (sz,sy,sx,O), and the blocks are interleaved.
    upsample(input, name, { outputs, stride, bias }) {
      const [batch, z, y, x, inputs] = input.shape as Extents5;
      const [sz, sy, sx] = stride;
      const weight = tf.reshape(tf.transpose(parameter(`${name}.weight`), [0, 2, 3, 4, 1]), [inputs, -1]);
      const blocks = tf.matMul(tf.reshape(input, [-1, inputs]), weight);
      const planes = tf.transpose(tf.reshape(blocks, [batch * z, y * x, sz, sy * sx * outputs]), [0, 2, 1, 3]);
      const rows = tf.transpose(tf.reshape(planes, [batch * z * sz * y, x, sy, sx * outputs]), [0, 2, 1, 3]);
      const shape: Extents5 = [batch, z * sz, y * sy, x * sx, outputs];
      const output: Tensor5D = tf.reshape(rows, shape);
      return bias ? tf.add(output, parameter(`${name}.bias`)) : output;
    },

    // A kernel equal to its stride: the voxels of each block are gathered, then multiplied with a matrix.
    embedPatches(input, name, { outputs, patch }) {
      const order = Array.from({ length: voxelCount(patch) }, (_, index) => index);
      const blocks = mergeBlocks(tf, input, patch, order);
      const weight = tf.transpose(parameter(`${name}.weight`), [2, 3, 4, 1, 0]);
      const matrix: Tensor2D = tf.reshape(weight, [blocks.shape[4], outputs]);
      return tf.add(perVoxel(tf, blocks, matrix), parameter(`${name}.bias`));
    },

    linear(input, name, { bias }) {
      const output = perVoxel(tf, input, tf.transpose(parameter(`${name}.weight`), [1, 0]) as Tensor2D);
      return bias ? tf.add(output, parameter(`${name}.bias`)) : output;
    },

    instanceNorm(input, name) {
      const [batch, z, y, x, channels] = input.shape as Extents5;
      const flat: Tensor3D = tf.reshape(input, [batch, z * y * x, channels]);
      return tf.reshape(affine(normalised(tf, flat, 1), name), input.shape);
    },

    layerNorm(input, name) {
      const [batch, z, y, x, channels] = input.shape as Extents5;
      const flat: Tensor3D = tf.reshape(input, [batch, z * y * x, channels]);
      return tf.reshape(affine(normalised(tf, flat, 2), name), input.shape);
    },

    addPositions(input, name, grid) {
      const [, z, y, x, channels] = input.shape as Extents5;
      const held: Tensor2D = tf.reshape(parameter(name), [voxelCount(grid), channels]);
      const size: Zyx = [z, y, x];
      const matrix = tf.tensor2d(trilinear(grid, size), [voxelCount(size), voxelCount(grid)]);
      return tf.add(input, tf.reshape(tf.matMul(matrix, held), [1, ...size, channels]));
    },

    attention: (input, shape) => attention(tf, input, shape, shape.windows && parameter(shape.windows.offsets.table)),
    gelu: (input) => tf.mul(input, tf.mul(tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1), 0.5)),
    averagePool: (input, stride) => tf.avgPool3d(input, [...stride], [...stride], "valid"),
    add: (first, second) => tf.add(first, second),
    leakyRelu: (input) => tf.leakyRelu(input, LEAKY_SLOPE),
    concatenate: (first, second) => tf.concat([first, second], 4),
    pad: (input, [z, y, x]) =>
      tf.pad(input, [
        [0, 0],
        [0, z],
        [0, y],
        [0, x],
        [0, 0],
      ] as [number, number][]),
    crop: (input, size) => tf.slice(input, [0, 0, 0, 0, 0], [-1, ...size, -1]),
    roll: (input, by) => roll(tf, input, by),
    mergeBlocks: (input, block, order) => mergeBlocks(tf, input, block, order),
  };
}

/** (B,N,C) with mean 0 and variance 1 along `axis`. */
function normalised(tf: Tfjs, flat: Tensor3D, axis: 1 | 2): Tensor3D {
  const centred = tf.sub<Tensor3D>(flat, tf.mean(flat, axis, true));
  const variance = tf.mean(tf.square(centred), axis, true);
  return tf.div(centred, tf.sqrt(tf.add(variance, NORM_EPSILON)));
}

/** The channels of each voxel times a matrix (C,O). */
function perVoxel(tf: Tfjs, input: Tensor5D, matrix: Tensor2D): Tensor5D {
  const [batch, z, y, x, channels] = input.shape as Extents5;
  const product = tf.matMul(tf.reshape(input, [-1, channels]) as Tensor2D, matrix);
  return tf.reshape(product, [batch, z, y, x, matrix.shape[1]]);
}

function roll(tf: Tfjs, input: Tensor5D, by: Zyx): Tensor5D {
  return by.reduce<Tensor5D>((value, shift, index) => {
    const axis = index + 1;
    const extent = value.shape[axis] as number;
    const start = ((shift % extent) + extent) % extent;
    if (start === 0) return value;
    const parts = tf.split<Tensor5D>(value, [start, extent - start], axis);
    return tf.concat(parts.toReversed(), axis);
  }, input);
}

/** The voxels of each block become channels, in `order`: they are brought beside each other. */
function mergeBlocks(tf: Tfjs, input: Tensor5D, block: Zyx, order: readonly number[]): Tensor5D {
  const [batch, z, y, x, channels] = input.shape as Extents5;
  const flat: Tensor3D = tf.reshape(input, [batch, z * y * x, channels]);
  const places: number[] = [];
  for (let i = 0; i < z; i += block[0])
    for (let j = 0; j < y; j += block[1])
      for (let k = 0; k < x; k += block[2])
        for (const tap of order) {
          const [dz, dy, dx] = [
            Math.floor(tap / (block[1] * block[2])),
            Math.floor(tap / block[2]) % block[1],
            tap % block[2],
          ];
          places.push(((i + dz) * y + j + dy) * x + k + dx);
        }
  const shape: Extents5 = [batch, z / block[0], y / block[1], x / block[2], channels * order.length];
  return tf.reshape(reorder(tf, flat, places), shape);
}
