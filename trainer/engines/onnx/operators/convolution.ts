import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameters.js";
import type { GraphBuilder, Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { channelsToBlocks } from "./blocks.js";

/** Extents of a convolution: batch, channels in and out, size of the output (Z,Y,X), kernel, stride and padding. */
interface Geometry {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly outputSize: Zyx;
  readonly kernel: Zyx;
  readonly stride: Zyx;
  readonly padding: Zyx;
}

const AXES = [0, 1, 2] as const;
type Axis = (typeof AXES)[number];

const perAxis = (of: (axis: Axis) => number): Zyx => [of(0), of(1), of(2)];

/** Most elements of one matrix of moved inputs: 64 MiB. More taps than fit are multiplied in several products. */
const ROW_ELEMENTS = 2 ** 24;

function geometryOf(input: Value, weight: Value, stride: Zyx): Geometry {
  const [batch, inputs, ...inputSize] = input.shape as [number, number, number, number, number];
  const [outputs, , ...kernel] = weight.shape as [number, number, number, number, number];
  const padding = perAxis((axis) => (kernel[axis] - 1) / 2);
  const outputSize = perAxis(
    (axis) => Math.floor((inputSize[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1,
  );
  return { batch, inputs, outputs, outputSize, kernel, stride, padding };
}

/** Convolution of (B,C,Z,Y,X) with odd kernels (O,C,kz,ky,kx), padded by (kernel - 1) / 2, plus a bias (O) where there is one. */
export function convolution(tape: Tape, input: Value, weight: Value, bias: Value | undefined, stride: Zyx): Value {
  const { graph } = tape;
  const geometry = geometryOf(input, weight, stride);
  const { batch, outputs, outputSize, padding } = geometry;
  const output = graph.apply("Conv", bias ? [input, weight, bias] : [input, weight], [batch, outputs, ...outputSize], {
    pads: [...padding, ...padding],
    strides: stride,
  });
  return tape.record(output, (gradient) => {
    if (bias) tape.addGradient(bias, graph.reshape(graph.sum(gradient, [0, 2, 3, 4]), bias.shape));
    tape.addGradient(weight, weightGradient(graph, input, gradient, geometry));
    if (tape.watches(input)) tape.addGradient(input, inputGradient(graph, weight, gradient, geometry));
  });
}

/**
 * Input voxel s v + r (stride s, 0 <= r < s) meets kernel element r + padding - s d of output voxel v + d. So the residues r
 * are channels of one convolution of the gradient over the offsets d, whose blocks are then interleaved. Without a stride
 * that is the convolution with the kernel flipped.
 */
function inputGradient(graph: GraphBuilder, weight: Value, gradient: Value, geometry: Geometry): Value {
  const { batch, inputs, outputs, outputSize, stride } = geometry;
  const offsets = AXES.map((axis) => offsetsAlong(geometry, axis));
  const withZeros = graph.pad(weight, [0, 0, 0, 0, 0], [0, 0, 1, 1, 1]);
  const picked = AXES.reduce(
    (kernel, axis) => graph.gather(kernel, axis + 2, elementsAlong(geometry, axis)),
    withZeros,
  );

  const residuesAndTaps = AXES.flatMap((axis) => [stride[axis], offsets[axis]?.count ?? 0]);
  const byTap = graph.transpose(graph.reshape(picked, [outputs, inputs, ...residuesAndTaps]), [1, 2, 4, 6, 0, 3, 5, 7]);
  const channels = inputs * elementCount(stride);
  const kernel = graph.reshape(byTap, [channels, outputs, ...byTap.shape.slice(5)]);
  const pads = [...offsets.map(({ first }) => -first), ...offsets.map(({ first, count }) => first + count - 1)];
  const residues = graph.apply("Conv", [gradient, kernel], [batch, channels, ...outputSize], { pads });
  return elementCount(stride) === 1 ? residues : channelsToBlocks(graph, residues, stride);
}

/** The offsets d along `axis` whose output voxels v + d any of the input voxels s v to s v + s - 1 reach. */
function offsetsAlong({ kernel, stride, padding }: Geometry, axis: Axis): { first: number; count: number } {
  const first = Math.ceil((padding[axis] - kernel[axis] + 1) / stride[axis]);
  const last = Math.floor((stride[axis] - 1 + padding[axis]) / stride[axis]);
  return { first, count: last - first + 1 };
}

/** For each residue and then each offset along `axis`, the kernel element where they meet; where none does, the one past the end. */
function elementsAlong(geometry: Geometry, axis: Axis): number[] {
  const { first, count } = offsetsAlong(geometry, axis);
  const extent = geometry.kernel[axis];
  const stride = geometry.stride[axis];
  return Array.from({ length: stride * count }, (_, index) => {
    const residue = Math.floor(index / count);
    const element = residue + geometry.padding[axis] - stride * (first + (index % count));
    return element >= 0 && element < extent ? element : extent;
  });
}

/**
 * dW[o,c,k] = sum over b and v of dy[b,o,v] x[b,c,v * stride + k - padding], as one matrix product a sample: rows are x
 * moved by each (ky,kx), columns are dy moved by each kz. Sharing the taps between both sides this way copies 9 C + 3 O
 * instead of 27 C channels. A stride along Z is then a stride of x's planes, for which dy cannot be moved; there all taps
 * move x, whose copies are as small as dy.
 */
function weightGradient(graph: GraphBuilder, input: Value, gradient: Value, geometry: Geometry): Value {
  const { batch, inputs, outputs, outputSize, kernel, stride, padding } = geometry;
  const padded = graph.pad(input, [0, 0, ...padding], [0, 0, ...padding]);
  const [kz, ky, kx] = kernel;
  const planeTaps = stride[0] === 1 ? 1 : kz;
  const gradientTaps = kz / planeTaps;
  const planes = outputSize[0] + gradientTaps - 1;

  const size: Zyx = [planes, outputSize[1], outputSize[2]];
  const voxels = elementCount(size);
  const movedGradient = Array.from({ length: gradientTaps }, (_, z) =>
    graph.pad(gradient, [0, 0, z, 0, 0], [0, 0, gradientTaps - 1 - z, 0, 0]),
  );
  const columns = graph.reshape(graph.concatenate(movedGradient, 1), [batch, gradientTaps * outputs, voxels]);
  const transposed = graph.transpose(columns, [0, 2, 1]);

  const starts: Zyx[] = [];
  for (let z = 0; z < planeTaps; z++) {
    for (let y = 0; y < ky; y++) {
      for (let x = 0; x < kx; x++) starts.push([z, y, x]);
    }
  }
  const together = Math.max(1, Math.floor(ROW_ELEMENTS / (batch * inputs * voxels)));
  const products: Value[] = [];
  for (let first = 0; first < starts.length; first += together) {
    const moved = starts.slice(first, first + together).map((start) => graph.window(padded, start, size, stride));
    const rows = graph.reshape(graph.concatenate(moved, 1), [batch, moved.length * inputs, voxels]);
    products.push(graph.sum(graph.matmul(rows, transposed), [0]));
  }
  const allTaps = graph.concatenate(products, 1);
  const byTap = graph.reshape(allTaps, [planeTaps, ky, kx, inputs, gradientTaps, outputs]);
  return graph.reshape(graph.transpose(byTap, [5, 3, 4, 0, 1, 2]), [outputs, inputs, kz, ky, kx]);
}
