/** The names of all ways to round a batch size. */
export const ROUNDINGS = ["floor", "even-floor", "floor-minus-1", "power-of-two", "multiple-of-base"] as const;

/** How the batch that fits the voxel budget becomes a whole number. The paper's own figures are those of `floor`. */
export type Rounding = (typeof ROUNDINGS)[number];

/** Largest batch that a rounding allows within `fitting` samples; never less than the plan's `base`. */
export function roundBatch(rounding: Rounding, fitting: number, base: number): number {
  return Math.max(base, roundDown(rounding, Math.floor(fitting), base));
}

function roundDown(rounding: Rounding, whole: number, base: number): number {
  switch (rounding) {
    case "floor":
      return whole;
    case "even-floor":
      return whole - (whole % 2);
    case "floor-minus-1":
      return whole - 1;
    case "power-of-two":
      return largestPowerOfTwo(whole);
    case "multiple-of-base":
      return whole - (whole % base);
  }
}

/** Largest power of two within `count`, which is at least 1. */
function largestPowerOfTwo(count: number): number {
  let power = 1;
  while (2 * power <= count) power *= 2;
  return power;
}
