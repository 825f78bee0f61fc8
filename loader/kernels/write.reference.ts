import { voxelCount } from "../../plan/zyx.js";
import { type Grid, MIRROR_X, MIRROR_Y, MIRROR_Z } from "./kernels.js";

type Numbers = Float32Array | Uint16Array | Uint8Array | Int16Array;

/** Writes `convert` of each voxel to where mirroring takes it. */
function write<Values extends Float32Array | Int16Array>(
  target: Numbers,
  { values, size }: Grid<Values>,
  mirrored: number,
  convert: (value: number) => number,
): void {
  for (let i = 0; i < voxelCount(size); i++) {
    const x = i % size[2];
    const y = Math.floor(i / size[2]) % size[1];
    const z = Math.floor(i / size[2] / size[1]);
    const toZ = mirrored & MIRROR_Z ? size[0] - 1 - z : z;
    const toY = mirrored & MIRROR_Y ? size[1] - 1 - y : y;
    const toX = mirrored & MIRROR_X ? size[2] - 1 - x : x;
    target[(toZ * size[1] + toY) * size[2] + toX] = convert(values[i] as number);
  }
}

export function writeF32(target: Float32Array, source: Grid<Float32Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => value);
}

export function writeF16(target: Uint16Array, source: Grid<Float32Array>, mirrored: number): void {
  write(target, source, mirrored, f16Bits);
}

export function writeBf16(target: Uint16Array, source: Grid<Float32Array>, mirrored: number): void {
  write(target, source, mirrored, bf16Bits);
}

export function writeLabelU8(target: Uint8Array, source: Grid<Int16Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => Math.min(Math.max(value, 0), 255));
}

export function writeLabelI16(target: Int16Array, source: Grid<Int16Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => Math.max(value, 0));
}

/** The half nearest to a finite `value`, ties to even, as its bits: sign, exponent of 5, mantissa of 10. */
function f16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), 65504);
  const exponent = Math.max(size === 0 ? -14 : floorLog2(size), -14);
  const units = roundEven(size / 2 ** (exponent - 10)); // 1024 to 2048, or below 1024 when subnormal
  return sign | ((exponent + 14) * 1024 + units);
}

/** The bfloat16 nearest to a finite f32, ties to even, as its bits: the upper half of the f32's. */
function bf16Bits(value: number): number {
  const [word] = new Uint32Array(Float32Array.of(value).buffer) as unknown as readonly [number];
  const rounded = roundEven((word & 0x7fffffff) / 65536);
  return ((word >>> 16) & 0x8000) | Math.min(rounded, 0x7f7f);
}

function floorLog2(size: number): number {
  let exponent = 0;
  while (size >= 2 ** (exponent + 1)) exponent++;
  while (size < 2 ** exponent) exponent--;
  return exponent;
}

function roundEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
