import { warp } from "./warp";

/** `warp` of a label of i16, -1 outside. */
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
  axes: i32,
): void {
  warp<i16, i16>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, gridPtr, axes, 0);
}

/** The same of a marked label. */
export function warpMarkedLabel(
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
): void {
  warp<u8, i16>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, gridPtr, axes, 0);
}

/** A marked label in its wire type: u8, 0 outside and where it is -1. */
export function warpMarkedLabelU8(
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
): void {
  warp<u8, u8>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, gridPtr, axes, 0);
}
