import { cropBox } from "./crop-box";

/** `cropBox` of an image (f32), 0 outside. */
export function cropImage(
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
  cropBox<f32>(outPtr, outZ, outY, outX, inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, axes, 0);
}
