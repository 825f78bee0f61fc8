import test from "ava";
import fc from "fast-check";
import { type DrawPlace, drawInteger, drawUniform, PURPOSE, philox4x32 } from "../../plan/random.js";

const ALL = 0xffffffff;
const place: DrawPlace = { seed: 1, timeline: "train", step: 0, sample: 0 };
const word = () => fc.integer({ min: 0, max: ALL });

test("Philox4x32-10 gives Random123's known answers (tests/kat_vectors)", (t) => {
  const zeros = philox4x32([0, 0, 0, 0], [0, 0]);
  t.deepEqual(zeros, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const ones = philox4x32([ALL, ALL, ALL, ALL], [ALL, ALL]);
  t.deepEqual(ones, [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  const pi = philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
  t.deepEqual(pi, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
});

test("Philox4x32-7, of which noise is made, gives Random123's known answers (tests/kat_vectors)", (t) => {
  const zeros = philox4x32([0, 0, 0, 0], [0, 0], 7);
  t.deepEqual(zeros, [0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48]);
  const ones = philox4x32([ALL, ALL, ALL, ALL], [ALL, ALL], 7);
  t.deepEqual(ones, [0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662]);
  const pi = philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 7);
  t.deepEqual(pi, [0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a]);
});

/** Philox as the paper writes it, in arbitrary precision. */
function philoxReference(counter: readonly number[], key: readonly number[]): number[] {
  const mask = 0xffffffffn;
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [low, high] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const first = 0xd2511f53n * a;
    const second = 0xcd9e8d57n * c;
    [a, b, c, d] = [(second >> 32n) ^ b ^ low, second & mask, (first >> 32n) ^ d ^ high, first & mask];
    low = (low + 0x9e3779b9n) & mask;
    high = (high + 0xbb67ae85n) & mask;
  }
  return [a, b, c, d].map(Number);
}

test("any counter and key agree with arbitrary precision", (t) => {
  fc.assert(
    fc.property(fc.tuple(word(), word(), word(), word()), fc.tuple(word(), word()), (counter, key) => {
      t.deepEqual([...philox4x32(counter, key)], philoxReference(counter, key));
    }),
  );
});

test("the counter's words are step, sample, timeline with purpose, and index; the key is the seed's two words", (t) => {
  fc.assert(
    fc.property(word(), word(), word(), fc.maxSafeNat(), fc.boolean(), (step, sample, index, seed, val) => {
      const drawn = drawUniform({ seed, timeline: val ? "val" : "train", step, sample }, PURPOSE.start, index);
      const key = [Number(BigInt(seed) & 0xffffffffn), Number(BigInt(seed) >> 32n)];
      const [first, second] = philoxReference([step, sample, 2 * PURPOSE.start + (val ? 1 : 0), index], key);
      const bits = ((BigInt(first ?? 0) >> 5n) << 26n) | (BigInt(second ?? 0) >> 6n);
      t.is(drawn, Number(bits) / 2 ** 53);
    }),
  );
});

test("an integer stays below its count, the largest one too", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 }), word(), (count, step) => {
      const drawn = drawInteger({ ...place, step }, PURPOSE.stage, 0, count);
      t.true(Number.isInteger(drawn) && drawn >= 0 && drawn < count);
      t.is(Math.floor((1 - 2 ** -53) * count), count - 1);
    }),
  );
});

test("integers are uniform: chi squared of 40,000 draws over 10 values is below the 99.99 % quantile", (t) => {
  const counts = new Array<number>(10).fill(0);
  for (let step = 0; step < 40_000; step++) {
    const drawn = drawInteger({ ...place, step }, PURPOSE.stage, 0, 10);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  const chiSquared = counts.reduce((sum, count) => sum + (count - 4000) ** 2 / 4000, 0);
  t.true(chiSquared < 33.72, `${chiSquared}`);
});
