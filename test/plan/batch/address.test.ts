import test from "ava";
import fc from "fast-check";
import { addressText } from "../../../plan/batch/address.js";

const addresses = fc.record({
  digest: fc.constantFrom("0a".repeat(32), "0b".repeat(32)),
  timeline: fc.constantFrom("train" as const, "val" as const),
  step: fc.nat(12),
  stage: fc.nat(12),
  rank: fc.nat(12),
  ranks: fc.integer({ min: 1, max: 12 }),
});

test("addresses that differ in anything have different texts", (t) => {
  fc.assert(
    fc.property(addresses, addresses, (one, other) => {
      const isSame = Object.keys(one).every((key) => one[key as keyof typeof one] === other[key as keyof typeof one]);
      t.is(addressText(one.digest, one, one) === addressText(other.digest, other, other), isSame);
    }),
  );
  const one = { digest: "0a".repeat(32), timeline: "train", step: 1, stage: 2, rank: 3, ranks: 4 } as const;
  const changes = [{ digest: "" }, { timeline: "val" }, { step: 0 }, { stage: 0 }, { rank: 0 }, { ranks: 5 }] as const;
  const texts = [one, ...changes.map((change) => ({ ...one, ...change }))].map((at) => addressText(at.digest, at, at));
  t.is(new Set(texts).size, texts.length);
});
