import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import type { GraphBuilder, Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { channelsToBlocks } from "./blocks.js";

/** Extents of a convolution: batch, channels in and out, sizes (Z,Y,X), kernel, stride and padding. */
interface Geometry {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly inputSize: Zyx;
  readonly outputSize: Zyx;
  readonly kernel: Zyx;
  readonly stride: Zyx;
  readonly padding: Zyx;
}

type Extents5 = readonly [number, number, number, number, number];

const AXES = [0, 1, 2] as const;
type Axis = (typeof AXES)[number];

const perAxis = (of: (axis: Axis) => number): Zyx => [of(0), of(1), of(2)];

/** Most elements of one matrix of moved inputs: 64 MiB. More taps than fit are multiplied in several products. */
const ROW_ELEMENTS = 2 ** 24;

/** Voxels of a batch for each output channel, at most, of a deep level. Measured: below 4 its way is the faster. */
const DEEP_SHARE = 4;

function geometryOf(input: Value, weight: Value, stride: Zyx): Geometry {
  const [batch, inputs, ...inputSize] = input.shape as Extents5;
  const [outputs, , ...kernel] = weight.shape as Extents5;
  const padding = perAxis((axis) => (kernel[axis] - 1) / 2);
  const outputSize = perAxis(
    (axis) => Math.floor((inputSize[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1,
  );
  return { batch, inputs, outputs, inputSize, outputSize, kernel, stride, padding };
}

/**
 * Whether the weights are larger than what they are multiplied with, as on the deep levels of a network at small patches. There only
 * voxels are moved, at other levels also the weights, which costs up to 16 ns an element.
 */
function isDeep({ batch, outputs, outputSize }: Geometry): boolean {
  return batch * elementCount(outputSize) <= DEEP_SHARE * outputs;
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
    const [ofWeight, ofInput] = isDeep(geometry)
      ? ([deepWeightGradient, deepInputGradient] as const)
      : ([weightGradient, inputGradient] as const);
    tape.addGradient(weight, ofWeight(graph, input, gradient, geometry));
    if (tape.watches(input)) tape.addGradient(input, ofInput(graph, weight, gradient, geometry));
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
  const taps = elementCount(geometry.kernel);
  const elements = elementsOf(geometry);
  const flat = graph.reshape(weight, [outputs, inputs, taps]);
  const picked = graph.gather(graph.pad(flat, [0, 0, 0], [0, 0, elements.includes(taps) ? 1 : 0]), 2, elements);

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

/** `elementsAlong` of all axes, Z outermost, as elements of the whole kernel in C order; where one axis has none, the one past the end. */
function elementsOf(geometry: Geometry): number[] {
  const [kz, ky, kx] = geometry.kernel;
  const [alongZ, alongY, alongX] = [elementsAlong(geometry, 0), elementsAlong(geometry, 1), elementsAlong(geometry, 2)];
  const past = kz * ky * kx;
  return alongZ.flatMap((z) =>
    alongY.flatMap((y) => alongX.map((x) => (z < kz && y < ky && x < kx ? (z * ky + y) * kx + x : past))),
  );
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

  const starts = tapsOf([planeTaps, ky, kx]);
  const windows = windowsOf(graph, padded, size, stride);
  const together = Math.max(1, Math.floor(ROW_ELEMENTS / (batch * inputs * voxels)));
  const products: Value[] = [];
  for (let first = 0; first < starts.length; first += together) {
    const moved = starts.slice(first, first + together).map((start) => windows(start));
    const rows = graph.reshape(graph.concatenate(moved, 1), [batch, moved.length * inputs, voxels]);
    products.push(graph.sum(graph.matmul(rows, transposed), [0]));
  }
  const allTaps = graph.concatenate(products, 1);
  const byTap = graph.reshape(allTaps, [planeTaps, ky, kx, inputs, gradientTaps, outputs]);
  return graph.reshape(graph.transpose(byTap, [5, 3, 4, 0, 1, 2]), [outputs, inputs, kz, ky, kx]);
}

/**
 * `graph.window` of one volume for any start. A stride along X is taken once for all windows that begin at one x: it copies element by
 * element, the other axes copy rows.
 */
function windowsOf(graph: GraphBuilder, volume: Value, size: Zyx, stride: Zyx): (start: Zyx) => Value {
  if (stride[2] === 1) return (start) => graph.window(volume, start, size, stride);
  const [z, y] = volume.shape.slice(2) as [number, number];
  const alongX = new Map<number, Value>();
  return ([startZ, startY, startX]) => {
    const known = alongX.get(startX) ?? graph.window(volume, [0, 0, startX], [z, y, size[2]], [1, 1, stride[2]]);
    alongX.set(startX, known);
    return graph.window(known, [startZ, startY, 0], size, [stride[0], stride[1], 1]);
  };
}

/** The elements of a kernel, in C order. */
function tapsOf([kz, ky, kx]: Zyx): Zyx[] {
  const taps: Zyx[] = [];
  for (let z = 0; z < kz; z++) for (let y = 0; y < ky; y++) for (let x = 0; x < kx; x++) taps.push([z, y, x]);
  return taps;
}

/** The same as one matrix product of dy (O, B V) and x moved by each tap (C k, B V): it comes out in the order of the weights. */
function deepWeightGradient(graph: GraphBuilder, input: Value, gradient: Value, geometry: Geometry): Value {
  const { batch, inputs, outputs, outputSize, kernel, stride, padding } = geometry;
  const voxels = batch * elementCount(outputSize);
  const columns = graph.reshape(graph.transpose(gradient, [1, 0, 2, 3, 4]), [outputs, voxels]);
  const channelsFirst = graph.transpose(input, [1, 0, 2, 3, 4]);
  const padded = graph.pad(channelsFirst, [0, 0, ...padding], [0, 0, ...padding]);
  const windows = windowsOf(graph, padded, outputSize, stride);
  const moved = tapsOf(kernel).map((start) => graph.reshape(windows(start), [inputs, 1, voxels]));
  const rows = graph.reshape(graph.concatenate(moved, 1), [inputs * moved.length, voxels]);
  return graph.reshape(graph.matmul(columns, graph.transpose(rows, [1, 0])), [outputs, inputs, ...kernel]);
}

/** The transposed convolution, which takes the weights as they are and adds up voxels one by one. */
function deepInputGradient(graph: GraphBuilder, weight: Value, gradient: Value, geometry: Geometry): Value {
  const { batch, inputs, inputSize, outputSize, kernel, stride, padding } = geometry;
  // Not `output_shape`: with it ONNX Runtime ignores `pads`.
  const output_padding = perAxis(
    (axis) => inputSize[axis] - ((outputSize[axis] - 1) * stride[axis] - 2 * padding[axis] + kernel[axis]),
  );
  return graph.apply("ConvTranspose", [gradient, weight], [batch, inputs, ...inputSize], {
    pads: [...padding, ...padding],
    strides: stride,
    output_padding,
  });
}
