import { CODE } from "./marked-label";

/** Values of `count` voxels of a marked label side by side, as i16. */
export function readCodes(outPtr: usize, inPtr: usize, count: usize): void {
  if (count < 8) {
    for (let at: usize = 0; at < count; at++) store<i16>(outPtr + (at << 1), <i16>(load<u8>(inPtr + at) & CODE) - 1);
    return;
  }
  const last = count - 8;
  for (let at: usize = 0; at < last; at += 8) v128.store(outPtr + (at << 1), eightValues(inPtr + at));
  v128.store(outPtr + (last << 1), eightValues(inPtr + last)); // overlaps those before
}

function eightValues(inPtr: usize): v128 {
  return i16x8.sub(v128.and(v128.load8x8_u(inPtr), i16x8.splat(CODE)), i16x8.splat(1));
}

/** The same as u8, with -1 made 0. */
export function readCodesU8(outPtr: usize, inPtr: usize, count: usize): void {
  if (count < 16) {
    for (let at: usize = 0; at < count; at++) store<u8>(outPtr + at, max<i32>(load<u8>(inPtr + at) & CODE, 1) - 1);
    return;
  }
  const last = count - 16;
  for (let at: usize = 0; at < last; at += 16) v128.store(outPtr + at, sixteenValues(inPtr + at));
  v128.store(outPtr + last, sixteenValues(inPtr + last)); // overlaps those before
}

function sixteenValues(inPtr: usize): v128 {
  return i8x16.sub_sat_u(v128.and(v128.load(inPtr), i8x16.splat(CODE)), i8x16.splat(1));
}
