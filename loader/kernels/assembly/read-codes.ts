import { CODE } from "./marked-label";
import { reversed16 } from "./mirrored-rows";

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
  if (count < 8) {
    for (let at: usize = 0; at < count; at++) store<u8>(outPtr + at, max<i32>(load<u8>(inPtr + at) & CODE, 1) - 1);
    return;
  }
  if (count < 16) {
    const last = count - 8;
    v128.store64_lane(outPtr, withoutMarks(v128.load64_zero(inPtr)), 0);
    v128.store64_lane(outPtr + last, withoutMarks(v128.load64_zero(inPtr + last)), 0);
    return;
  }
  const last = count - 16;
  for (let at: usize = 0; at < last; at += 16) v128.store(outPtr + at, withoutMarks(v128.load(inPtr + at)));
  v128.store(outPtr + last, withoutMarks(v128.load(inPtr + last))); // overlaps those before
}

/** Values of codes that may be marked, as u8 with -1 made 0. */
function withoutMarks(codes: v128): v128 {
  return i8x16.sub_sat_u(v128.and(codes, i8x16.splat(CODE)), i8x16.splat(1));
}

/** `readCodes` with the values in reverse order. */
export function readCodesReversed(outPtr: usize, inPtr: usize, count: usize): void {
  const end = outPtr + (count << 1);
  if (count < 8) {
    for (let at: usize = 0; at < count; at++) {
      store<i16>(end - (at << 1) - 2, <i16>(load<u8>(inPtr + at) & CODE) - 1);
    }
    return;
  }
  const last = count - 8;
  for (let at: usize = 0; at < last; at += 8) v128.store(end - (at << 1) - 16, reversed16(eightValues(inPtr + at)));
  v128.store(outPtr, reversed16(eightValues(inPtr + last))); // overlaps those before
}

/** `readCodesU8` with the values in reverse order. */
export function readCodesU8Reversed(outPtr: usize, inPtr: usize, count: usize): void {
  const end = outPtr + count;
  if (count < 8) {
    for (let at: usize = 0; at < count; at++) {
      store<u8>(end - at - 1, max<i32>(load<u8>(inPtr + at) & CODE, 1) - 1);
    }
    return;
  }
  if (count < 16) {
    const last = count - 8;
    v128.store64_lane(end - 8, reversed8(withoutMarks(v128.load64_zero(inPtr))), 1);
    v128.store64_lane(outPtr, reversed8(withoutMarks(v128.load64_zero(inPtr + last))), 1);
    return;
  }
  const last = count - 16;
  for (let at: usize = 0; at < last; at += 16)
    v128.store(end - at - 16, reversed8(withoutMarks(v128.load(inPtr + at))));
  v128.store(outPtr, reversed8(withoutMarks(v128.load(inPtr + last)))); // overlaps those before
}

function reversed8(values: v128): v128 {
  return v128.shuffle<i8>(values, values, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}
