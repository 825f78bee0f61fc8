import { cropBox } from "./crop-box";
import { cropMarked } from "./crop-marked";

/** `cropBox` of a label (i16), -1 outside. */
export function cropLabel(
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
  axes: i32,
): void {
  cropBox<i16>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, axes, 0xff);
}

/** The same of a marked label. */
export function cropMarkedLabel(
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
  axes: i32,
): void {
  cropMarked<i16>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, axes);
}

/** A marked label in its wire type: u8, 0 outside and where it is -1. */
export function cropLabelU8(
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
  axes: i32,
): void {
  cropMarked<u8>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, axes);
}
