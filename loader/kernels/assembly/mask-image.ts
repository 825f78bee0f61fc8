/** Makes values (f32) 0 where the label (i16) of the same voxel is below 0. In place, any count; writes nothing past the end. */
export function maskImage(valuesPtr: usize, labelPtr: usize, voxels: i32): void {
  const whole = valuesPtr + ((<usize>(voxels & ~3)) << 2);
  const end = valuesPtr + ((<usize>voxels) << 2);
  for (; valuesPtr < whole; valuesPtr += 16, labelPtr += 8) {
    const outside = i32x4.shr_s(v128.load16x4_s(labelPtr), 31);
    v128.store(valuesPtr, v128.andnot(v128.load(valuesPtr), outside));
  }
  for (; valuesPtr < end; valuesPtr += 4, labelPtr += 2) {
    if (load<i16>(labelPtr) < 0) store<f32>(valuesPtr, 0);
  }
}
