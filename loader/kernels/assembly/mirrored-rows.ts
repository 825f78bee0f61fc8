/** Number of the row that mirroring the flagged axes (1: Z, 2: Y, 4: X) takes row (z, y) to. */
export function mirroredRow(z: i32, y: i32, sizeZ: i32, sizeY: i32, axes: i32): usize {
  const toZ = axes & 1 ? sizeZ - 1 - z : z;
  const toY = axes & 2 ? sizeY - 1 - y : y;
  return <usize>toZ * <usize>sizeY + <usize>toY;
}

/** Four f32 in reverse order. */
export function reversed(values: v128): v128 {
  return v128.shuffle<f32>(values, values, 3, 2, 1, 0);
}
