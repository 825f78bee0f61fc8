import type { Tensor, Tensor5D } from "@tensorflow/tfjs-core";
import { type Layers, LEAKY_SLOPE, NORM_EPSILON } from "../../networks/layers.js";
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

    instanceNorm(input, name) {
      const [batch, z, y, x, channels] = input.shape as Extents5;
      const flat = tf.reshape(input, [batch, z * y * x, channels]);
      const centred = tf.sub(flat, tf.mean(flat, 1, true));
      const variance = tf.mean(tf.square(centred), 1, true);
      const normalised = tf.div(centred, tf.sqrt(tf.add(variance, NORM_EPSILON)));
      const output = tf.add(tf.mul(normalised, parameter(`${name}.weight`)), parameter(`${name}.bias`));
      return tf.reshape(output, input.shape);
    },

    averagePool: (input, stride) => tf.avgPool3d(input, [...stride], [...stride], "valid"),
    add: (first, second) => tf.add(first, second),
    leakyRelu: (input) => tf.leakyRelu(input, LEAKY_SLOPE),
    concatenate: (first, second) => tf.concat([first, second], 4),
  };
}
