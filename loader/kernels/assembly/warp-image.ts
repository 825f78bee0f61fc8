import { warp } from "./warp";

/** `warp` of an image (f32), 0 outside. `spacePtr` has room for 5 rows of 64 f32. */
export function warpImage(
  outPtr: usize,
  outZ: i32,
  outY: i32,
  outX: i32,
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  gridPtr: usize,
  axes: i32,
  spacePtr: usize,
): void {
  warp<f32, f32>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, gridPtr, axes, spacePtr);
}
