/** Elements that a crop moves, by index: typed arrays, private or shared. */
export interface Elements {
  readonly length: number;
  readonly [index: number]: number;
}

/**
 * Copies `count` elements of `source` from `sourceIndex` on to `target[targetIndex]`, `target[targetIndex + step]`, ...,
 * converting to the target's type. A negative step writes the row mirrored.
 */
export type CopyRow<Source, Target> = (
  target: Target,
  targetIndex: number,
  step: number,
  source: Source,
  sourceIndex: number,
  count: number,
) => void;

/** Below this many elements a loop beats `set(subarray)`, which makes an object a row. */
const BULK_ELEMENTS = 48;

export const copyF32: CopyRow<Float32Array, Float32Array> = (target, targetIndex, step, source, sourceIndex, count) => {
  if (step === 1 && count >= BULK_ELEMENTS) {
    target.set(source.subarray(sourceIndex, sourceIndex + count), targetIndex);
    return;
  }
  for (let i = 0, at = targetIndex; i < count; i++, at += step) target[at] = source[sourceIndex + i] as number;
};

/** From the bits of float32 to those of IEEE half precision. */
export const f32BitsToF16: CopyRow<Uint32Array, Uint16Array> = (target, targetIndex, step, source, from, count) => {
  for (let i = 0, at = targetIndex; i < count; i++, at += step) target[at] = f16Bits(source[from + i] as number);
};

/** From the bits of float32 to those of bfloat16. */
export const f32BitsToBf16: CopyRow<Uint32Array, Uint16Array> = (target, targetIndex, step, source, from, count) => {
  for (let i = 0, at = targetIndex; i < count; i++, at += step) target[at] = bf16Bits(source[from + i] as number);
};

/** Label values as they are, -1 among them. */
export const copyI16: CopyRow<Int16Array, Int16Array> = (target, targetIndex, step, source, sourceIndex, count) => {
  for (let i = 0, at = targetIndex; i < count; i++, at += step) target[at] = source[sourceIndex + i] as number;
};

/** Label values for the wire: -1 (outside of nnU-Net's nonzero mask) becomes 0. */
export const labelToU8: CopyRow<Int16Array, Uint8Array> = (target, targetIndex, step, source, sourceIndex, count) => {
  for (let i = 0, at = targetIndex; i < count; i++, at += step) {
    const value = source[sourceIndex + i] as number;
    target[at] = Math.max(value, 0);
  }
};

/** Label values for the wire: -1 (outside of nnU-Net's nonzero mask) becomes 0. */
export const labelToI16: CopyRow<Int16Array, Int16Array> = (target, targetIndex, step, source, sourceIndex, count) => {
  for (let i = 0, at = targetIndex; i < count; i++, at += step) {
    const value = source[sourceIndex + i] as number;
    target[at] = Math.max(value, 0);
  }
};

/**
 * Bits of the IEEE half nearest to the float32 of `bits`, ties to even. What would round past 65504, infinity too,
 * saturates there; a NaN stays one.
 */
export function f16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x477ff000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7bff); // 65520 and above
  if (magnitude >= 0x38800000) {
    const rebiased = magnitude - 0x38000000; // exponent bias 127 to 15
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below 2^-25, half of the smallest subnormal
  const shift = 126 - exponent;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const quotient = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (quotient + (rest > half || (rest === half && (quotient & 1) === 1) ? 1 : 0));
}

/** Bits of the bfloat16 nearest to the float32 of `bits`, ties to even, saturating like `f16Bits`. */
export function bf16Bits(bits: number): number {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return (bits >>> 16) | 0x40;
  const rounded = (magnitude + 0x7fff + ((magnitude >>> 16) & 1)) >>> 16;
  return ((bits >>> 16) & 0x8000) | Math.min(rounded, 0x7f7f);
}
