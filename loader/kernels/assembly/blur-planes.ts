import { mirrored } from "./mirrored";
import { saturate } from "./saturate";

/**
 * Convolves along an axis that is not the last: output line i of `length` is the sum over k of tap k times input line
 * i + k - radius, mirrored at the ends without repeating the end (…2 1 0 1 2…). A line is `inner` f32 side by side; there
 * are `outer` such stacks. 2 radius + 1 taps, f32. Not in place; writes up to 3 values past the end.
 */
export function blurPlanes(
  outPtr: usize,
  inPtr: usize,
  outer: i32,
  length: i32,
  inner: i32,
  tapsPtr: usize,
  radius: i32,
): void {
  const lineBytes = (<usize>inner) << 2;
  const wideInner = inner & ~15;
  for (let stack = 0; stack < outer; stack++) {
    for (let line = 0; line < length; line++) {
      let offset: usize = 0;
      for (let x = 0; x < wideInner; x += 16, offset += 64) {
        let sum0 = f32x4.splat(0);
        let sum1 = sum0;
        let sum2 = sum0;
        let sum3 = sum0;
        for (let k = -radius; k <= radius; k++) {
          const from = inPtr + <usize>mirrored(line + k, length) * lineBytes + offset;
          const tap = v128.load32_splat(tapsPtr + ((<usize>(k + radius)) << 2));
          sum0 = f32x4.add(sum0, f32x4.mul(tap, v128.load(from)));
          sum1 = f32x4.add(sum1, f32x4.mul(tap, v128.load(from, 16)));
          sum2 = f32x4.add(sum2, f32x4.mul(tap, v128.load(from, 32)));
          sum3 = f32x4.add(sum3, f32x4.mul(tap, v128.load(from, 48)));
        }
        v128.store(outPtr + offset, saturate(sum0));
        v128.store(outPtr + offset, saturate(sum1), 16);
        v128.store(outPtr + offset, saturate(sum2), 32);
        v128.store(outPtr + offset, saturate(sum3), 48);
      }
      for (let x = wideInner; x < inner; x += 4, offset += 16) {
        let sum = f32x4.splat(0);
        for (let k = -radius; k <= radius; k++) {
          const tap = v128.load32_splat(tapsPtr + ((<usize>(k + radius)) << 2));
          sum = f32x4.add(
            sum,
            f32x4.mul(tap, v128.load(inPtr + <usize>mirrored(line + k, length) * lineBytes + offset)),
          );
        }
        v128.store(outPtr + offset, saturate(sum));
      }
      outPtr += lineBytes;
    }
    inPtr += <usize>length * lineBytes;
  }
}
