import { voxelCount } from "../../plan/zyx.js";
import { bf16Bits, f16Bits } from "./half-bits.reference.js";
import type { Grid } from "./kernels.js";
import { mirroredIndex } from "./mirrored.reference.js";

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
    target[mirroredIndex([z, y, x], size, mirrored)] = convert(values[i] as number);
  }
}

export function writeF32(target: Float32Array, source: Grid<Float32Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => value);
}

export function writeF16(target: Uint16Array, source: Grid<Float32Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => f16Bits(bitsOf(value)));
}

export function writeBf16(target: Uint16Array, source: Grid<Float32Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => bf16Bits(bitsOf(value)));
}

export function writeLabelU8(target: Uint8Array, source: Grid<Int16Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => Math.min(Math.max(value, 0), 255));
}

export function writeLabelI16(target: Int16Array, source: Grid<Int16Array>, mirrored: number): void {
  write(target, source, mirrored, (value) => Math.max(value, 0));
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}
