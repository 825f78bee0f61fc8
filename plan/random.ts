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
  /** The noise itself, not drawn here but when it is added. */
  noiseVoxels: 11,
  blur: 12,
  brightness: 13,
  contrast: 14,
  lowResolution: 15,
  gammaInverted: 16,
  gamma: 17,
} as const;

export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

/** Purposes from here on are never used by this package: they are for draws of whoever uses it, whatever those decide. */
export const OWN_PURPOSES = 1000;

/** Where in a run something is drawn. With a purpose and an index it gives Philox's key and the four words of its counter. */
export interface DrawPlace {
  /** Integer, 0 to 2^53 - 1; its low 32 bits are the key's first word, the rest its second. */
  readonly seed: number;
  readonly timeline: "train" | "val";
  /** Integer, 0 to 2^32 - 1. */
  readonly step: number;
  /** Sample in the global batch; 0 where the draw belongs to the whole batch. */
  readonly sample: number;
}

type Words4 = [number, number, number, number];

const WORD = 2 ** 32;

/** High 32 bits of a x b, as integers of 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16); // below 2^32, like the next sum
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/**
 * Philox4x32: four unsigned 32-bit words from a counter of four and a key of two. Draws have 10 rounds, the number its authors
 * recommend: they cost nothing beside cutting. The noise itself has 7, the fewest that pass their tests.
 */
export function philox4x32(counter: Readonly<Words4>, key: readonly [number, number], rounds = 10): Words4 {
  let a = counter[0] | 0;
  let b = counter[1] | 0;
  let c = counter[2] | 0;
  let d = counter[3] | 0;
  let keyLow = key[0] | 0;
  let keyHigh = key[1] | 0;
  for (let round = 0; round < rounds; round++) {
    const highA = multiplyHigh(a, 0xd2511f53);
    const highC = multiplyHigh(c, 0xcd9e8d57);
    const lowA = Math.imul(a, 0xd2511f53);
    const lowC = Math.imul(c, 0xcd9e8d57);
    a = highC ^ b ^ keyLow;
    b = lowC;
    c = highA ^ d ^ keyHigh;
    d = lowA;
    keyLow = (keyLow + 0x9e3779b9) | 0;
    keyHigh = (keyHigh + 0xbb67ae85) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** Third word of the counter of all draws for a purpose; step and sample come before it, the draw's index after it. */
export function purposeWord({ timeline }: DrawPlace, purpose: number): number {
  return 2 * purpose + (timeline === "val" ? 1 : 0);
}

/**
 * A double uniform in [0, 1), a multiple of 2^-53, made of the block's first two words. `index` says which of several draws
 * for one purpose it is: an axis, a position. `purpose` is one of `PURPOSE`, or `OWN_PURPOSES` and above, below 2^31.
 */
export function drawUniform(place: DrawPlace, purpose: number, index: number): number {
  const { seed, step, sample } = place;
  const block = philox4x32([step, sample, purposeWord(place, purpose), index], [seed >>> 0, Math.floor(seed / WORD)]);
  return ((block[0] >>> 5) * 2 ** 26 + (block[1] >>> 6)) / 2 ** 53;
}

/** A double uniform in `range`, without its upper end. */
export function drawBetween(
  place: DrawPlace,
  purpose: Purpose,
  index: number,
  range: readonly [low: number, high: number],
): number {
  return range[0] + drawUniform(place, purpose, index) * (range[1] - range[0]);
}

/** True with `probability`. */
export function drawEvent(place: DrawPlace, purpose: Purpose, index: number, probability: number): boolean {
  return drawUniform(place, purpose, index) < probability;
}

/**
 * An integer from 0 to `count` - 1: floor(uniform x count). `count` is 1 to 2^32. Nothing is drawn twice, so draw i is
 * always block i; the price is that a value's probability is off 1/count by up to 2^-53, 1e-12 of it for 10,000 values.
 */
export function drawInteger(place: DrawPlace, purpose: Purpose, index: number, count: number): number {
  return Math.floor(drawUniform(place, purpose, index) * count);
}
