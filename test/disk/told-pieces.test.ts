import test from "ava";
import fc from "fast-check";
import { toldPieces } from "../../disk/index.js";

const MIB = 2 ** 20;

test("the bytes stay the same, and who listens hears of each large piece and of the end", (t) => {
  const lengths = fc.array(fc.oneof(fc.nat(3), fc.integer({ min: 8 * MIB - 1, max: 8 * MIB + 1 })), { maxLength: 3 });
  fc.assert(
    fc.property(lengths, (sizes) => {
      const pieces = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
      const told: (readonly [number, number])[] = [];
      const parts = [...toldPieces(pieces, (...how) => told.push(how))];
      const total = sizes.reduce((sum, size) => sum + size, 0);
      t.true(Buffer.concat(parts).equals(Buffer.concat(pieces)));
      const ends = parts.map((_, count) => parts.slice(0, count).reduce((sum, { length }) => sum + length, 0));
      t.deepEqual(told, [...ends.map((done) => [done, total] as const), [total, total]]);
      t.true(parts.every(({ length }) => length <= 8 * MIB));
    }),
    { numRuns: 20 },
  );
});
