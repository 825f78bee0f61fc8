import { saturate } from "./saturate";

/**
 * Resamples an image (Z,Y,X, f32) to another grid with the same axes: along each axis an output voxel is the weighted sum
 * of two input voxels. Taps of an axis: for each output voxel two i32, the voxels' indices, and two f32, their weights. It works
 * along Z and Y first, four values at a time, into the row at `rowPtr` (inX + 3 f32), then along X. Any sizes, not in place.
 */
export function resample(
  outPtr: usize,
  outZ: i32,
  outY: i32,
  outX: i32,
  inPtr: usize,
  inY: i32,
  inX: i32,
  tapsZPtr: usize,
  tapsYPtr: usize,
  tapsXPtr: usize,
  rowPtr: usize,
): void {
  const rowBytes = (<usize>inX) << 2;
  for (let z = 0; z < outZ; z++) {
    const tapZ = tapsZPtr + ((<usize>z) << 4);
    const plane0 = inPtr + <usize>load<i32>(tapZ) * <usize>inY * rowBytes;
    const plane1 = inPtr + <usize>load<i32>(tapZ, 4) * <usize>inY * rowBytes;
    for (let y = 0; y < outY; y++) {
      const tapY = tapsYPtr + ((<usize>y) << 4);
      const row0 = <usize>load<i32>(tapY) * rowBytes;
      const row1 = <usize>load<i32>(tapY, 4) * rowBytes;
      mixLines(rowPtr, rowBytes, plane0 + row0, plane0 + row1, plane1 + row0, plane1 + row1, tapZ, tapY);
      mixAlongX(outPtr, outX, rowPtr, tapsXPtr);
      outPtr += (<usize>outX) << 2;
    }
  }
}

/** The row between four lines: along Y on the lower plane (0) and the upper one (1), then along Z. */
function mixLines(
  rowPtr: usize,
  rowBytes: usize,
  line00: usize,
  line01: usize,
  line10: usize,
  line11: usize,
  tapZ: usize,
  tapY: usize,
): void {
  const weightZ0 = v128.load32_splat(tapZ, 8);
  const weightZ1 = v128.load32_splat(tapZ, 12);
  const weightY0 = v128.load32_splat(tapY, 8);
  const weightY1 = v128.load32_splat(tapY, 12);
  let at: usize = 0;
  do {
    const line0 = mix(v128.load(line00 + at), v128.load(line01 + at), weightY0, weightY1);
    const line1 = mix(v128.load(line10 + at), v128.load(line11 + at), weightY0, weightY1);
    v128.store(rowPtr + at, mix(line0, line1, weightZ0, weightZ1));
    at += 16;
  } while (at < rowBytes);
}

function mixAlongX(outPtr: usize, outX: i32, rowPtr: usize, tapsPtr: usize): void {
  if (outX < 4) {
    for (let x = 0; x < outX; x++, outPtr += 4, tapsPtr += 16) {
      const below = v128.load32_zero(rowPtr + ((<usize>load<i32>(tapsPtr)) << 2));
      const above = v128.load32_zero(rowPtr + ((<usize>load<i32>(tapsPtr, 4)) << 2));
      const mixed = mix(below, above, v128.load32_zero(tapsPtr, 8), v128.load32_zero(tapsPtr, 12));
      v128.store32_lane(outPtr, mixed, 0);
    }
    return;
  }
  let x = 0;
  do {
    x = min(x, outX - 4); // the last four overlap those before
    const taps = tapsPtr + ((<usize>x) << 4);
    const below = fourAt(rowPtr, taps);
    const above = fourAt(rowPtr, taps + 4);
    const weights01 = v128.shuffle<f32>(v128.load(taps), v128.load(taps, 16), 2, 6, 3, 7);
    const weights23 = v128.shuffle<f32>(v128.load(taps, 32), v128.load(taps, 48), 2, 6, 3, 7);
    const weights0 = v128.shuffle<i64>(weights01, weights23, 0, 2);
    const weights1 = v128.shuffle<i64>(weights01, weights23, 1, 3);
    v128.store(outPtr + ((<usize>x) << 2), mix(below, above, weights0, weights1));
    x += 4;
  } while (x < outX);
}

/** The values of a row that four taps name. */
function fourAt(rowPtr: usize, taps: usize): v128 {
  const one = v128.load32_zero(rowPtr + ((<usize>load<i32>(taps)) << 2));
  const two = v128.load32_lane(rowPtr + ((<usize>load<i32>(taps, 16)) << 2), one, 1);
  const three = v128.load32_lane(rowPtr + ((<usize>load<i32>(taps, 32)) << 2), two, 2);
  return v128.load32_lane(rowPtr + ((<usize>load<i32>(taps, 48)) << 2), three, 3);
}

function mix(below: v128, above: v128, weight0: v128, weight1: v128): v128 {
  return saturate(f32x4.add(f32x4.mul(below, weight0), f32x4.mul(above, weight1)));
}
