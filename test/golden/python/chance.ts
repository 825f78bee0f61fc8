import { seeded } from "../../conformance/seeded.js";

/** Choices that are the same for the same seed. */
export interface Chance {
  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number;
  one<T>(of: readonly T[]): T;
}

export function chance(seed: number): Chance {
  const next = seeded(seed);
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return { integer, one: (of) => of[integer(0, of.length - 1)] as (typeof of)[number] };
}
