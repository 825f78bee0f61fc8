import { mirrored } from "./mirrored";
import { saturate } from "./saturate";

/**
 * Convolves each of `rows` rows of `length` f32: output x is the sum over k of tap k times input x + k - radius, mirrored at
 * the ends without repeating the end (…2 1 0 1 2…). 2 radius + 1 taps, f32. `rowPtr` has room for length + 2 radius + 15
 * f32. Not in place; writes up to 3 values past the end.
 */
export function blurRows(
  outPtr: usize,
  inPtr: usize,
  rows: i32,
  length: i32,
  tapsPtr: usize,
  radius: i32,
  rowPtr: usize,
): void {
  const rowBytes = (<usize>length) << 2;
  const wideBytes = (<usize>(length & ~15)) << 2;
  if (length === 0) return;
  const middlePtr = rowPtr + ((<usize>radius) << 2);
  for (let row = 0; row < rows; row++, inPtr += rowBytes, outPtr += rowBytes) {
    memory.copy(middlePtr, inPtr, rowBytes);
    for (let k = 1; k <= radius; k++) {
      store<f32>(middlePtr - ((<usize>k) << 2), load<f32>(inPtr + ((<usize>mirrored(-k, length)) << 2)));
      const past = length - 1 + k;
      store<f32>(middlePtr + ((<usize>past) << 2), load<f32>(inPtr + ((<usize>mirrored(past, length)) << 2)));
    }
    let x: usize = 0;
    for (; x < wideBytes; x += 64) {
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let sum2 = sum0;
      let sum3 = sum0;
      for (let k = 0; k <= 2 * radius; k++) {
        const from = rowPtr + x + ((<usize>k) << 2);
        const tap = v128.load32_splat(tapsPtr + ((<usize>k) << 2));
        sum0 = f32x4.add(sum0, f32x4.mul(tap, v128.load(from)));
        sum1 = f32x4.add(sum1, f32x4.mul(tap, v128.load(from, 16)));
        sum2 = f32x4.add(sum2, f32x4.mul(tap, v128.load(from, 32)));
        sum3 = f32x4.add(sum3, f32x4.mul(tap, v128.load(from, 48)));
      }
      v128.store(outPtr + x, saturate(sum0));
      v128.store(outPtr + x, saturate(sum1), 16);
      v128.store(outPtr + x, saturate(sum2), 32);
      v128.store(outPtr + x, saturate(sum3), 48);
    }
    for (; x < rowBytes; x += 16) {
      let sum = f32x4.splat(0);
      for (let k = 0; k <= 2 * radius; k++) {
        const tap = v128.load32_splat(tapsPtr + ((<usize>k) << 2));
        sum = f32x4.add(sum, f32x4.mul(tap, v128.load(rowPtr + x + ((<usize>k) << 2))));
      }
      v128.store(outPtr + x, saturate(sum));
    }
  }
}
