/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11). A draw
 * is a function of its place alone, so any batch can be drawn without the one before it. Only + - x / and integer
 * operations are used: the numbers are the same on every machine and in every language.
 */

/** What a draw decides. The numbers are part of the recipe: changing one changes every batch. */
export const PURPOSE = {
  stage: 0,
  batchCase: 1,
  sampleCase: 2,
  caseOrder: 3,
  class: 4,
  location: 5,
  start: 6,
  mirror: 7,
  rotation: 8,
  scaling: 9,
  noise: 10,
  /** The noise itself, a block a voxel. */
  noiseVoxels: 11,
  blur: 12,
  brightness: 13,
  contrast: 14,
  lowResolution: 15,
  gammaInverted: 16,
  gamma: 17,
} as const;

export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

/** Where a draw stands in a run: the four words of Philox's counter, and the seed that is its key. */
export interface DrawPlace {
  /** Integer, 0 to 2^53 - 1; its low 32 bits are the key's first word, the rest its second. */
  readonly seed: number;
  readonly timeline: "train" | "val";
  /** Integer, 0 to 2^32 - 1. */
  readonly step: number;
  /** Sample in the global batch; 0 where the draw belongs to the whole batch. */
  readonly sample: number;
  readonly purpose: Purpose;
  /** Which of several draws for one purpose: an axis, a position. */
  readonly index: number;
}

/** All draws of one sample. */
export type SamplePlace = Omit<DrawPlace, "purpose" | "index">;

type Words4 = [number, number, number, number];

const WORD = 2 ** 32;

/** High 32 bits of a x b, both unsigned 32-bit. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carry >>> 16);
}

/** Philox4x32 with 10 rounds: four unsigned 32-bit words from a counter of four and a key of two. */
export function philox4x32(counter: Readonly<Words4>, key: readonly [number, number]): Words4 {
  let [a, b, c, d] = counter;
  let [keyLow, keyHigh] = key;
  for (let round = 0; round < 10; round++) {
    const highA = multiplyHigh(0xd2511f53, a);
    const highC = multiplyHigh(0xcd9e8d57, c);
    const lowA = Math.imul(0xd2511f53, a) >>> 0;
    const lowC = Math.imul(0xcd9e8d57, c) >>> 0;
    a = (highC ^ b ^ keyLow) >>> 0;
    b = lowC;
    c = (highA ^ d ^ keyHigh) >>> 0;
    d = lowA;
    keyLow = (keyLow + 0x9e3779b9) >>> 0;
    keyHigh = (keyHigh + 0xbb67ae85) >>> 0;
  }
  return [a, b, c, d];
}

/** The first three words of a place's counter; the fourth is its index. */
export function counterStart({ step, sample, purpose, timeline }: Omit<DrawPlace, "index">): [number, number, number] {
  return [step, sample, 2 * purpose + (timeline === "val" ? 1 : 0)];
}

/** A double uniform in [0, 1), a multiple of 2^-53, made of the block's first two words. */
export function drawUniform(place: DrawPlace): number {
  const counter: Words4 = [...counterStart(place), place.index];
  const [first, second] = philox4x32(counter, [place.seed % WORD, Math.floor(place.seed / WORD)]);
  return ((first >>> 5) * 2 ** 26 + (second >>> 6)) / 2 ** 53;
}

/** A double uniform in [low, high). */
export function drawBetween(place: DrawPlace, [low, high]: readonly [low: number, high: number]): number {
  return low + drawUniform(place) * (high - low);
}

/** True with `probability`. */
export function drawEvent(place: DrawPlace, probability: number): boolean {
  return drawUniform(place) < probability;
}

/**
 * An integer from 0 to `count` - 1: floor(uniform x count). `count` is 1 to 2^32. Nothing is drawn twice, so draw i is
 * always block i; the price is that a value's probability is off 1/count by up to 2^-53, 1e-12 of it for 10,000 values.
 */
export function drawInteger(place: DrawPlace, count: number): number {
  return Math.floor(drawUniform(place) * count);
}
