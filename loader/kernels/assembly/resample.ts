import { saturate } from "./saturate";

/**
 * Resamples an image (Z,Y,X, f32) to another grid with the same axes: along each axis an output voxel is the weighted sum
 * of two input voxels. Taps of an axis: for each output voxel two i32, the voxels' indices, and two f32, their weights. Along
 * Z and Y first, four at a time, into the row at `rowPtr` (inX + 3 f32), then along X. Any sizes, not in place; writes
 * up to 3 values past the end.
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
    const weightZ0 = v128.load32_splat(tapZ, 8);
    const weightZ1 = v128.load32_splat(tapZ, 12);
    for (let y = 0; y < outY; y++) {
      const tapY = tapsYPtr + ((<usize>y) << 4);
      const row0 = <usize>load<i32>(tapY) * rowBytes;
      const row1 = <usize>load<i32>(tapY, 4) * rowBytes;
      const weightY0 = v128.load32_splat(tapY, 8);
      const weightY1 = v128.load32_splat(tapY, 12);
      for (let x: usize = 0; x < rowBytes; x += 16) {
        const line0 = f32x4.add(
          f32x4.mul(v128.load(plane0 + row0 + x), weightY0),
          f32x4.mul(v128.load(plane0 + row1 + x), weightY1),
        );
        const line1 = f32x4.add(
          f32x4.mul(v128.load(plane1 + row0 + x), weightY0),
          f32x4.mul(v128.load(plane1 + row1 + x), weightY1),
        );
        const line = f32x4.add(f32x4.mul(saturate(line0), weightZ0), f32x4.mul(saturate(line1), weightZ1));
        v128.store(rowPtr + x, saturate(line));
      }
      let tapX = tapsXPtr;
      for (let x = 0; x < outX; x++, outPtr += 4, tapX += 16) {
        const below = load<f32>(rowPtr + ((<usize>load<i32>(tapX)) << 2)) * load<f32>(tapX, 8);
        const above = load<f32>(rowPtr + ((<usize>load<i32>(tapX, 4)) << 2)) * load<f32>(tapX, 12);
        store<f32>(outPtr, min(max(below + above, -f32.MAX_VALUE), f32.MAX_VALUE));
      }
    }
  }
}
