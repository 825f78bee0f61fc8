import { compileKernels, type Grid, instantiateKernels, type Kernels, markedBytes } from "../../loader/index.js";
import { voxelCount, type Zyx } from "../../plan/index.js";
import { type Figures, figures } from "../figures.js";

/** Side of the volume that patches are read from: 110 MB of image, beyond any cache. */
const VOLUME = 300;
/** Voxels worked on for one figure, so that it takes milliseconds, and figures taken. */
const VOXELS = 2_000_000;
const ROUNDS = 9;

/** Processor nanoseconds of `act`, all threads of this process together: what a busy machine leaves comparable. */
export function processorNs(act: () => void): number {
  const began = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(began);
  return 1000 * (user + system);
}

interface Bench {
  readonly name: string;
  /** Does the kernel's work on one patch. */
  readonly run: () => void;
}

/** Nanoseconds a voxel of each kernel on cubes of `side` voxels, the first row a copy of the same bytes. */
export function measureKernels(side: number): { readonly name: string; readonly nsPerVoxel: Figures }[] {
  const voxels = side ** 3;
  const repeats = Math.ceil(VOXELS / voxels);
  return benches(side).map(({ name, run }) => {
    const once = () => {
      for (let i = 0; i < repeats; i++) run();
    };
    once();
    return {
      name,
      nsPerVoxel: figures(Array.from({ length: ROUNDS }, () => processorNs(once) / (repeats * voxels))),
    };
  });
}

const memory = new WebAssembly.Memory({ initial: 3600, maximum: 3600, shared: true });
const kernels: Kernels = instantiateKernels(compileKernels(), memory);

function benches(side: number): Bench[] {
  let end = 0;
  const take = (bytes: number) => {
    const start = end;
    end += 64 * Math.ceil((bytes + 64) / 64);
    return start;
  };
  const f32 = (length: number) => new Float32Array(memory.buffer, take(4 * length), length);
  const u8 = (length: number) => new Uint8Array(memory.buffer, take(length), length);
  const i16 = (length: number) => new Int16Array(memory.buffer, take(2 * length), length);
  const size: Zyx = [side, side, side];
  const whole: Zyx = [VOLUME, VOLUME, VOLUME];
  const voxels = voxelCount(size);
  const image = { values: f32(voxelCount(whole)), size: whole };
  const label = { values: u8(markedBytes(whole)), size: whole };
  const [patch, spare] = [
    { values: f32(voxels), size },
    { values: f32(voxels), size },
  ];
  const labelPatch = { values: i16(voxels), size };
  const halves = new Uint16Array(spare.values.buffer, spare.values.byteOffset, voxels);
  const bytes = new Uint8Array(spare.values.buffer, spare.values.byteOffset, voxels);
  const bytesPatch = { values: bytes, size };
  const row = f32(side + 64);
  const words = f32(1024);
  const taps = f32(7);
  taps.set([0.004, 0.054, 0.242, 0.4, 0.242, 0.054, 0.004]);
  const moments = new Float64Array(memory.buffer, take(32), 4);
  const grid = turnedGrid(new Float64Array(memory.buffer, take(96), 12), side);
  const zoom = new Float64Array(memory.buffer, take(96), 12);
  zoom.set([0, 0, 0, 1.1, 0, 0, 0, 1.1, 0, 0, 0, 1.1]);
  const axisTaps = halvingTaps(new Int32Array(memory.buffer, take(16 * side), 4 * side), side);
  fillBall(image, label);
  kernels.markLabel(label);
  const lower = lowerBounds(side);
  const place = { key: [1, 2], counter: [3, 4, 5], firstBlock: 0 } as const;
  const shift = { subtract: 0.5, scale: 1.01, add: 0.5, low: 0, high: 1 };
  kernels.cropImage(patch, image, lower(), 0);
  return [
    { name: "copy (TypedArray.set)", run: () => spare.values.set(patch.values) },
    { name: "cropImage", run: () => kernels.cropImage(patch, image, lower(), 0) },
    { name: "cropImage, mirrored", run: () => kernels.cropImage(patch, image, lower(), 7) },
    { name: "cropLabelU8", run: () => kernels.cropLabelU8(bytesPatch, label, lower(), 0) },
    { name: "cropLabelU8, mirrored", run: () => kernels.cropLabelU8(bytesPatch, label, lower(), 7) },
    { name: "warpImage, turned", run: () => kernels.warpImage(patch, image, lower(), grid, 0, words) },
    { name: "warpImage, zoomed", run: () => kernels.warpImage(patch, image, lower(), zoom, 0, words) },
    { name: "warpLabel", run: () => kernels.warpLabel(bytesPatch, label, lower(), grid, 0) },
    { name: "addNoise", run: () => kernels.addNoise(patch.values, 0.1, place, words) },
    {
      name: "blur, three axes, 7 taps",
      run: () => {
        kernels.blurPlanes(spare.values, patch.values, { outer: 1, length: side, inner: side * side }, taps);
        kernels.blurPlanes(patch.values, spare.values, { outer: side, length: side, inner: side }, taps);
        kernels.blurRows(spare, patch, taps, row);
      },
    },
    { name: "scaleShift (brightness)", run: () => kernels.scaleShift(patch.values, shift) },
    { name: "moments", run: () => kernels.moments(moments, patch.values) },
    {
      name: "resample (low resolution)",
      run: () => kernels.resample(spare, patch, [axisTaps, axisTaps, axisTaps], row),
    },
    {
      name: "gamma, with the statistics of what it makes",
      run: () => kernels.gamma(moments, patch.values, { sign: 1, halfMin: 0, halfRange: 0.5, exponent: 1 }),
    },
    { name: "writeF16", run: () => kernels.writeF16(halves, patch.values) },
    { name: "writeBf16", run: () => kernels.writeBf16(halves, patch.values) },
    { name: "writeLabelU8", run: () => kernels.writeLabelU8(bytes, labelPatch.values) },
  ];
}

/** Starts of boxes that stay inside, one after the other. */
function lowerBounds(side: number): () => Zyx {
  let count = 0;
  const inside = VOLUME - Math.ceil(1.8 * side);
  const start = (step: number) => Math.ceil(0.4 * side) + ((count * step) % inside);
  return () => {
    count++;
    return [start(7919), start(104_729), start(1_299_709)];
  };
}

/** A turn of some 20 degrees about every axis and a zoom of 0.97. */
function turnedGrid(grid: Float64Array, side: number): Float64Array {
  const matrix = [
    [0.86, -0.31, 0.33],
    [0.31, 0.92, 0.05],
    [-0.33, 0.06, 0.91],
  ] as const;
  const half = (side - 1) / 2;
  for (const [axis, [z, y, x]] of matrix.entries()) {
    grid[axis] = half - half * (z + y + x);
    grid[3 + axis] = z;
    grid[6 + axis] = y;
    grid[9 + axis] = x;
  }
  return grid;
}

function halvingTaps(taps: Int32Array, side: number): Int32Array {
  const weights = new Float32Array(taps.buffer, taps.byteOffset, taps.length);
  for (let i = 0; i < side; i++) {
    taps[4 * i] = i - (i % 2);
    taps[4 * i + 1] = Math.min(side - 1, i - (i % 2) + 2);
    weights[4 * i + 2] = i % 2 === 0 ? 0.75 : 0.25;
    weights[4 * i + 3] = i % 2 === 0 ? 0.25 : 0.75;
  }
  return taps;
}

/** Texture, and two classes one inside the other. */
function fillBall(image: Grid<Float32Array>, label: Grid<Uint8Array>): void {
  const [depth, height, width] = image.size;
  for (let z = 0, i = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        image.values[i] = (((z * 7) ^ (y * 3) ^ (x * 5)) % 128) / 128;
        const distance = Math.hypot(z - depth / 2, y - height / 2, x - width / 2) / depth;
        label.values[i] = distance < 0.1 ? 2 : distance < 0.25 ? 1 : 0;
      }
}
