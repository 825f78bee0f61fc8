/**
 * One coordinate of the first point of row (z, y) of a grid: start + z stepZ + y stepY, in f64. `gridPtr` points at that
 * coordinate of the grid's start; the same coordinate of the steps along Z, Y and X follows at 24, 48 and 72 bytes.
 */
export function rowStart(gridPtr: usize, z: i32, y: i32): f32 {
  return <f32>(load<f64>(gridPtr) + <f64>z * load<f64>(gridPtr, 24) + <f64>y * load<f64>(gridPtr, 48));
}

/** Whether a coordinate and the whole number above it lie in `first` to `last`. */
export function isInside(coordinate: f32, first: f32, last: f32): bool {
  return coordinate >= first && coordinate < last;
}
