import { cosine, log2, sine } from "./elementary";
import { saturate } from "./saturate";

/** Bytes of random words that are made at a time. */
const PIECE_BYTES: usize = 4096;

/** The fewest with which Philox4x32 passes BigCrush (Salmon et al., table 2). What is drawn in `plan/` has 10. */
const ROUNDS: i32 = 7;

/**
 * value += sigma * n, n standard normal. f32, in place, any count; works on up to 15 values past the end. Voxel i takes word (i >> 2) & 3 of
 * Philox4x32-7 block firstBlock + 4 (i >> 4) + (i & 3), whose counter is (step, sample, purpose, block) and whose key is
 * (keyLow, keyHigh). Words 0, 1 and words 2, 3 make two normal numbers each (Box-Muller). `wordsPtr` has room for 4096 bytes.
 */
export function addNoise(
  valuesPtr: usize,
  voxels: i32,
  sigma: f32,
  keyLow: i32,
  keyHigh: i32,
  step: i32,
  sample: i32,
  purpose: i32,
  firstBlock: i32,
  wordsPtr: usize,
): void {
  const end = valuesPtr + ((<usize>voxels) << 2);
  while (valuesPtr < end) {
    const bytes = min(end - valuesPtr, PIECE_BYTES);
    writeWords(wordsPtr, bytes, keyLow, keyHigh, step, sample, purpose, firstBlock);
    addNormals(valuesPtr, wordsPtr, bytes, sigma);
    firstBlock += <i32>(bytes >> 4);
    valuesPtr += bytes;
  }
}

/** Words of four blocks at a time, the first words of all four first. */
function writeWords(
  wordsPtr: usize,
  bytes: usize,
  keyLow: i32,
  keyHigh: i32,
  step: i32,
  sample: i32,
  purpose: i32,
  firstBlock: i32,
): void {
  const multiplierA = i32x4.splat(0xd2511f53);
  const multiplierC = i32x4.splat(0xcd9e8d57);
  const end = wordsPtr + bytes;
  let blocks = i32x4.add(i32x4.splat(firstBlock), i32x4(0, 1, 2, 3));
  do {
    let a = i32x4.splat(step);
    let b = i32x4.splat(sample);
    let c = i32x4.splat(purpose);
    let d = blocks;
    let roundKeyLow = i32x4.splat(keyLow);
    let roundKeyHigh = i32x4.splat(keyHigh);
    let rounds = ROUNDS;
    do {
      const lowHalfA = i64x2.extmul_low_i32x4_u(a, multiplierA);
      const highHalfA = i64x2.extmul_high_i32x4_u(a, multiplierA);
      const lowHalfC = i64x2.extmul_low_i32x4_u(c, multiplierC);
      const highHalfC = i64x2.extmul_high_i32x4_u(c, multiplierC);
      a = v128.xor(v128.xor(v128.shuffle<i32>(lowHalfC, highHalfC, 1, 3, 5, 7), b), roundKeyLow);
      b = v128.shuffle<i32>(lowHalfC, highHalfC, 0, 2, 4, 6);
      c = v128.xor(v128.xor(v128.shuffle<i32>(lowHalfA, highHalfA, 1, 3, 5, 7), d), roundKeyHigh);
      d = v128.shuffle<i32>(lowHalfA, highHalfA, 0, 2, 4, 6);
      roundKeyLow = i32x4.add(roundKeyLow, i32x4.splat(0x9e3779b9));
      roundKeyHigh = i32x4.add(roundKeyHigh, i32x4.splat(0xbb67ae85));
    } while (--rounds > 0);
    v128.store(wordsPtr, a);
    v128.store(wordsPtr, b, 16);
    v128.store(wordsPtr, c, 32);
    v128.store(wordsPtr, d, 48);
    blocks = i32x4.add(blocks, i32x4.splat(4));
    wordsPtr += 64;
  } while (wordsPtr < end);
}

/** Adds r cos(angle) to four values and r sin(angle) to the next four: r from four words, the angle from the next four. */
function addNormals(valuesPtr: usize, wordsPtr: usize, bytes: usize, sigma: f32): void {
  const end = valuesPtr + bytes;
  do {
    const radius = f32x4.mul(radiusOf(v128.load(wordsPtr)), f32x4.splat(sigma));
    // the word is a fraction of a turn in 2^-32: the nearest quarter turn, and the rest in [-pi/4, pi/4)
    const turn = v128.load(wordsPtr, 16);
    const quarters = i32x4.shr_u(i32x4.add(turn, i32x4.splat(0x20000000)), 30);
    const rest = i32x4.sub(turn, i32x4.shl(quarters, 30));
    const angle = f32x4.mul(f32x4.convert_i32x4_s(rest), f32x4.splat(1.4629180792671596e-9));
    const sin = sine(angle);
    const cos = cosine(angle);
    const isOdd = i32x4.eq(v128.and(quarters, i32x4.splat(1)), i32x4.splat(1));
    const cosSign = i32x4.shl(v128.and(i32x4.add(quarters, i32x4.splat(1)), i32x4.splat(2)), 30);
    const sinSign = i32x4.shl(v128.and(quarters, i32x4.splat(2)), 30);
    const turnedCos = v128.xor(v128.bitselect(sin, cos, isOdd), cosSign);
    const turnedSin = v128.xor(v128.bitselect(cos, sin, isOdd), sinSign);
    v128.store(valuesPtr, saturate(f32x4.add(v128.load(valuesPtr), f32x4.mul(radius, turnedCos))));
    v128.store(valuesPtr, saturate(f32x4.add(v128.load(valuesPtr, 16), f32x4.mul(radius, turnedSin))), 16);
    valuesPtr += 32;
    wordsPtr += 32;
  } while (valuesPtr < end);
}

/** Square root of -2 ln of a word / 2^32, in (0, 1]. */
function radiusOf(word: v128): v128 {
  // 2^-32 has log2 -32, and -2 ln 2 turns log2 into -2 ln
  const logarithm = f32x4.sub(log2(f32x4.convert_i32x4_u(v128.or(word, i32x4.splat(1)))), f32x4.splat(32));
  const squared = f32x4.mul(logarithm, f32x4.splat(-1.3862943611198906));
  return f32x4.sqrt(f32x4.pmax(f32x4.splat(0), squared));
}
