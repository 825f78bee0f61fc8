import test from "ava";
import fc from "fast-check";
import { nestsDeeperThan } from "../../loader/server/resolve-bytes.js";

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test("nesting is what JSON.parse would find, whatever stands in strings", (t) => {
  const letters = fc.string({ unit: fc.constantFrom("[", "]", "{", '"', "\\", "a") });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      letters,
      fc.integer(),
      fc.array(tie("value")),
      fc.dictionary(letters, tie("value")),
    ),
  }));
  fc.assert(
    fc.property(value, (json) => {
      const depth = depthOf(json);
      const text = JSON.stringify(json);
      return !nestsDeeperThan(text, depth) && (depth === 0 || nestsDeeperThan(text, depth - 1));
    }),
  );
  t.pass();
});

test("texts that a regular expression takes hours for take one pass", (t) => {
  const length = 1 << 20;
  t.false(nestsDeeperThan(`"${'\\"'.repeat(length)}`, 64));
  t.false(nestsDeeperThan(`["${'\\"'.repeat(length)}"]`, 64));
  t.true(nestsDeeperThan("[".repeat(length), 64));
  t.false(nestsDeeperThan("]".repeat(length), 64));
});
