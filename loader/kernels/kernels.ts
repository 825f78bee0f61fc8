import { readFileSync } from "node:fs";
import { voxelCount, type Zyx } from "../../plan/zyx.js";

/** One channel of a volume: (Z,Y,X), C order, from the view's start. */
export interface Grid<Values> {
  readonly values: Values;
  readonly size: Zyx;
}

/**
 * A label in memory: of one byte a voxel, and marked, where its values allow (-1 to `MOST_MARKED`). A marked label is its voxels, then a
 * map of its bricks, `markedBytes` together, as `markLabel` makes them.
 */
export type StoredLabel = Uint8Array | Int16Array;

/** The largest value of a marked label: its code, 1 more, has 7 bits. */
export const MOST_MARKED = 126;

/** Bytes of a marked label of `size` (Z,Y,X). */
export function markedBytes(size: Zyx): number {
  const bricks = size.map((extent) => Math.ceil(extent / 8)) as unknown as Zyx;
  return voxelCount(size) + voxelCount(bricks);
}

/** Which normal numbers `addNoise` takes: words of Philox4x32-7 blocks with this key and counter, see its source. */
export interface NoisePlace {
  readonly key: readonly [low: number, high: number];
  readonly counter: readonly [step: number, sample: number, purpose: number];
  /** The counter's last word for the first values. */
  readonly firstBlock: number;
}

/** `outer` stacks of `length` lines of `inner` values; the lines of a stack are the axis that is blurred. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export interface ScaleShift {
  readonly subtract: number;
  readonly scale: number;
  readonly add: number;
  readonly low: number;
  readonly high: number;
}

/** How a value becomes a share of a range, and the power it is raised to; see `gamma`'s source. */
export interface Gamma {
  readonly sign: 1 | -1;
  readonly halfMin: number;
  readonly halfRange: number;
  readonly exponent: number;
}

/** Taps of each axis, see `resample`'s source: 4 words per output voxel, two i32 and two f32. */
export type AxisTaps = readonly [z: Int32Array, y: Int32Array, x: Int32Array];

/** Axes to mirror, as bits. */
export const MIRROR_Z = 1;
export const MIRROR_Y = 2;
export const MIRROR_X = 4;

/** Values of free space that are enough behind any image, since kernels' vectors may end past it. */
export const ROOM_VALUES = 16;

/** Whether kernels' vectors end with an image of `size` (Z,Y,X), so that it needs no space behind it. */
export function needsNoRoom(size: Zyx): boolean {
  return size[2] % 4 === 0 && voxelCount(size) % ROOM_VALUES === 0;
}

/** Values of space that `warpImage` takes. */
export const ZOOM_VALUES = 320;

/** Random words that `addNoise` makes at a time. */
export const NOISE_WORDS = 1024;

/**
 * The kernels, on views of one memory; each is described in its source in `assembly/`. Finite input gives finite output. They
 * keep no state and allocate nothing; what they need besides the voxels (taps, grids, a row) is a view too.
 */
export interface Kernels {
  /** Makes a marked label, in place, of one whose voxels are i8. */
  markLabel(label: Grid<Uint8Array>): void;
  /** Copies a box whose first voxel is `lower`, mirrored along the axes in `mirrored`; 0 outside of the source. */
  cropImage(target: Grid<Float32Array>, source: Grid<Float32Array>, lower: Zyx, mirrored: number): void;
  /** The same of a label; -1 outside of the source. */
  cropLabel(target: Grid<Int16Array>, source: Grid<StoredLabel>, lower: Zyx, mirrored: number): void;
  /** As `cropLabel` and `writeLabelU8` in one, of a marked label. */
  cropLabelU8(target: Grid<Uint8Array>, source: Grid<Uint8Array>, lower: Zyx, mirrored: number): void;
  /**
   * Samples the source on a grid: its start, counted from `lower`, then the steps along Z, Y and X, each (Z,Y,X) in voxels of the source.
   * They are written mirrored along the axes in `mirrored`. `space` has room for `ZOOM_VALUES`.
   */
  warpImage(
    target: Grid<Float32Array>,
    source: Grid<Float32Array>,
    lower: Zyx,
    grid: Float64Array,
    mirrored: number,
    space: Float32Array,
  ): void;
  /** The same of a label, by a vote of the neighbours; u8, with -1 made 0, of marked labels only. */
  warpLabel(
    target: Grid<Int16Array | Uint8Array>,
    source: Grid<StoredLabel>,
    lower: Zyx,
    grid: Float64Array,
    mirrored: number,
  ): void;
  /** `words` has room for `NOISE_WORDS`. */
  addNoise(values: Float32Array, sigma: number, place: NoisePlace, words: Float32Array): void;
  /** An odd number of taps. */
  blurPlanes(target: Float32Array, source: Float32Array, lines: Lines, taps: Float32Array): void;
  /** `row` has room for the source's length along X, the taps, and `ROOM_VALUES`. */
  blurRows(target: Grid<Float32Array>, source: Grid<Float32Array>, taps: Float32Array, row: Float32Array): void;
  /** `values * scale + shift`, in place. */
  scaleShift(values: Float32Array, by: ScaleShift): void;
  /** Writes four numbers: the sum of value - first value, the sum of its squares, the smallest and the largest value. */
  moments(result: Float64Array, values: Float32Array): void;
  /** Makes powers of the values' shares, in place, and writes two numbers: the sum of power - first power, and of its squares. */
  gamma(result: Float64Array, values: Float32Array, by: Gamma): void;
  /** `row` has room for the source's length along X and `ROOM_VALUES`. */
  resample(target: Grid<Float32Array>, source: Grid<Float32Array>, taps: AxisTaps, row: Float32Array): void;
  /** As many labels as values. */
  maskImage(values: Float32Array, label: Int16Array): void;
  /** Writes as many values as f16. */
  writeF16(target: Uint16Array, source: Float32Array): void;
  /** Writes as many values as bf16. */
  writeBf16(target: Uint16Array, source: Float32Array): void;
  /** Writes as many values as u8. */
  writeLabelU8(target: Uint8Array, source: Int16Array): void;
  /** Writes as many values as i16, with -1 made 0. */
  writeLabelI16(target: Int16Array, source: Int16Array): void;
}

type View = Float32Array | Float64Array | Int16Array | Int32Array | Uint8Array | Uint16Array;
type Kernel = (...numbers: readonly number[]) => void;
type MarkedKernels = "cropMarkedLabel" | "warpMarkedLabel" | "warpMarkedLabelU8";
type Exports = Readonly<Record<keyof Kernels | MarkedKernels, Kernel>>;

/** Reads and compiles the kernels; a module can be instantiated over any number of memories. */
export function compileKernels(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL("./kernels.wasm", import.meta.url)));
}

/**
 * The kernels over `memory`, a shared one that never grows. Their arguments must be views of it that hold what the sizes say
 * (RangeError otherwise); the kernels themselves check nothing.
 */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { buffer } = memory; // asking for it each time costs as much as a small kernel
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;

  /** Address of a view with `count` values, and `room` more in the memory. Above 2 GiB it wraps to a negative i32, as wasm wants. */
  const at = (view: View, count: number, room = 0): number => {
    const end = view.byteOffset + (count + room) * view.BYTES_PER_ELEMENT;
    if (view.buffer !== buffer) throw new RangeError("the view is not of the kernels' memory");
    if (view.length < count || end > buffer.byteLength)
      throw new RangeError(
        `a view of ${view.length} values at byte ${view.byteOffset} is too short for ${count} (+ ${room})`,
      );
    return view.byteOffset;
  };
  const atGrid = ({ values, size }: Grid<View>, room = 0) => at(values, voxelCount(size), room);
  const atLabel = ({ values, size }: Grid<StoredLabel>) =>
    at(values, values instanceof Uint8Array ? markedBytes(size) : voxelCount(size));
  /** The same of values that a kernel takes `step` at a time, to past the end where they are no multiple of it. */
  const atVectors = (view: View, count: number, step: number) => at(view, count, -count & (step - 1));
  const write = (kernel: Kernel, target: View, source: View) =>
    kernel(at(target, source.length), at(source, source.length), source.length);

  // arguments are written out: spreading them costs microseconds per call
  return {
    markLabel: ({ values, size }) => run.markLabel(at(values, markedBytes(size)), size[0], size[1], size[2]),
    cropImage: (target, source, [z, y, x], mirrored) => {
      const [outZ, outY, outX] = target.size;
      const [inZ, inY, inX] = source.size;
      run.cropImage(atGrid(target), outZ, outY, outX, atGrid(source), inZ, inY, inX, z, y, x, mirrored);
    },
    cropLabel: (target, source, [z, y, x], mirrored) => {
      const [outZ, outY, outX] = target.size;
      const [inZ, inY, inX] = source.size;
      const crop = source.values instanceof Uint8Array ? run.cropMarkedLabel : run.cropLabel;
      crop(atGrid(target), outZ, outY, outX, atLabel(source), inZ, inY, inX, z, y, x, mirrored);
    },
    cropLabelU8: (target, source, [z, y, x], mirrored) => {
      const [outZ, outY, outX] = target.size;
      const [inZ, inY, inX] = source.size;
      run.cropLabelU8(atGrid(target), outZ, outY, outX, atLabel(source), inZ, inY, inX, z, y, x, mirrored);
    },
    warpImage: (target, source, [z, y, x], grid, mirrored, space) => {
      const [outZ, outY, outX] = target.size;
      const [inZ, inY, inX] = source.size;
      const [to, from] = [atGrid(target), atGrid(source)];
      const [gridAt, spaceAt] = [at(grid, 12), at(space, ZOOM_VALUES)];
      run.warpImage(to, outZ, outY, outX, from, inZ, inY, inX, z, y, x, gridAt, mirrored, spaceAt);
    },
    warpLabel: (target, source, [z, y, x], grid, mirrored) => {
      const [outZ, outY, outX] = target.size;
      const [inZ, inY, inX] = source.size;
      const isU8 = target.values instanceof Uint8Array;
      const isMarked = source.values instanceof Uint8Array;
      if (isU8 && !isMarked) throw new RangeError("a label of i16 is sampled as i16");
      const warp = isU8 ? run.warpMarkedLabelU8 : isMarked ? run.warpMarkedLabel : run.warpLabel;
      warp(atGrid(target), outZ, outY, outX, atLabel(source), inZ, inY, inX, z, y, x, at(grid, 12), mirrored);
    },
    addNoise: (values, sigma, { key, counter, firstBlock }, words) => {
      const { length } = values;
      const [step, sample, purpose] = counter;
      const [to, wordsAt] = [atVectors(values, length, 16), at(words, NOISE_WORDS)];
      run.addNoise(to, length, sigma, key[0], key[1], step, sample, purpose, firstBlock, wordsAt);
    },
    blurPlanes: (target, source, { outer, length, inner }, taps) => {
      const voxels = outer * length * inner;
      const room = -inner & 3;
      const [to, from] = [at(target, voxels, room), at(source, voxels, room)];
      run.blurPlanes(to, from, outer, length, inner, at(taps, taps.length), taps.length >> 1);
    },
    blurRows: (target, source, taps, row) => {
      const [depth, height, width] = source.size;
      const to = at(target.values, depth * height * width, -width & 3);
      const rowAt = at(row, width + taps.length + ROOM_VALUES);
      run.blurRows(to, atGrid(source), depth * height, width, at(taps, taps.length), taps.length >> 1, rowAt);
    },
    scaleShift: (values, { subtract, scale, add, low, high }) =>
      run.scaleShift(atVectors(values, values.length, 4), values.length, subtract, scale, add, low, high),
    moments: (result, values) => run.moments(at(result, 4), at(values, Math.max(1, values.length)), values.length),
    gamma: (result, values, { sign, halfMin, halfRange, exponent }) => {
      const { length } = values;
      run.gamma(at(result, 2), atVectors(values, length, 16), length, sign, halfMin, halfRange, exponent);
    },
    resample: (target, source, [z, y, x], row) => {
      const [outZ, outY, outX] = target.size;
      const [, inY, inX] = source.size;
      const [tapsZ, tapsY, tapsX] = [at(z, 4 * outZ), at(y, 4 * outY), at(x, 4 * outX)];
      const rowAt = at(row, inX + ROOM_VALUES);
      const from = atGrid(source, -inX & 3);
      run.resample(atGrid(target), outZ, outY, outX, from, inY, inX, tapsZ, tapsY, tapsX, rowAt);
    },
    maskImage: (values, label) => run.maskImage(at(values, label.length), at(label, values.length), values.length),
    writeF16: (target, source) => write(run.writeF16, target, source),
    writeBf16: (target, source) => write(run.writeBf16, target, source),
    writeLabelU8: (target, source) => write(run.writeLabelU8, target, source),
    writeLabelI16: (target, source) => write(run.writeLabelI16, target, source),
  };
}
