import { warp } from "./warp";

/** `warp` of a label (i16), -1 outside. */
export function warpLabel(
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
): void {
  warp<i16>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, gridPtr);
}

/** The same for a label of i8. */
export function warpNarrowLabel(
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
): void {
  warp<i8>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, gridPtr);
}
