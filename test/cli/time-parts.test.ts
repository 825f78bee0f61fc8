import test from "ava";
import fc from "fast-check";
import { advice, diagnose, type Limit, PARTS, type Rounds } from "../../cli/doctor/time-parts.js";
import type { WireFormat } from "../../plan/index.js";

/** Five rounds that are all alike but for `jitter`, a factor of each round. */
function rounds(
  ms: Readonly<Record<"fresh" | "hot" | "plain" | "cutAlone" | "carryAlone", number>>,
  { jitter = [1, 1, 1, 1, 1], stepMs = 0, utilisation = [] as readonly number[] } = {},
): Rounds {
  const all = (value: number) => jitter.map((factor) => value * factor);
  const { fresh, hot, plain, cutAlone, carryAlone } = ms;
  return {
    ...{ fresh: all(fresh), hot: all(hot), plain: all(plain) },
    ...{ cutAlone: all(cutAlone), carryAlone: all(carryAlone), stepMs, utilisation },
  };
}

const CUT = { fresh: 101, hot: 100, plain: 40, cutAlone: 90, carryAlone: 20 };

test("the longest part is named: what fresh steps take beyond hot ones, cutting, or carrying", (t) => {
  const cut = diagnose(rounds(CUT));
  t.like(cut, { limit: "cut", intervalMs: 101, partsMs: { fetch: 1, cut: 90, carry: 20 }, augmentationMs: 60 });
  t.is(diagnose(rounds({ ...CUT, fresh: 250 })).limit, "fetch");
  t.is(diagnose(rounds({ ...CUT, cutAlone: 20, carryAlone: 95 })).limit, "carry");
});

test("the step is its own limit where it fills 95 % of the time, or takes longer than batches take to come", (t) => {
  const fed = diagnose(rounds(CUT, { stepMs: 90, utilisation: [0.4, 0.95, 0.97, 0.96, 0.99] }));
  t.like(fed, { limit: "step", utilisation: 0.96 });
  const utilisation = [0.4, 0.95, 0.93, 0.94, 0.99];
  t.is(diagnose(rounds(CUT, { stepMs: 90, utilisation })).limit, "cut");
  t.is(diagnose(rounds(CUT, { stepMs: 110, utilisation })).limit, "step");
});

test("a part alone takes no more than the interval in which it went on beside the others", (t) => {
  const { partsMs, limit } = diagnose(rounds({ ...CUT, hot: 50, fresh: 50, carryAlone: 50 }));
  t.deepEqual(partsMs, { fetch: 0, cut: 50, carry: 50 });
  t.is(limit, "unclear");
});

test("a machine that slows down all parts at once does not hide the longest", (t) => {
  t.is(diagnose(rounds(CUT, { jitter: [1, 2, 1.5, 1.2, 1.1] })).limit, "cut");
});

test("fetching is not named where a hot interval was as long as the fresh ones", (t) => {
  const fetching = rounds({ fresh: 300, hot: 100, plain: 90, cutAlone: 60, carryAlone: 20 });
  t.is(diagnose(fetching).limit, "fetch");
  t.is(diagnose({ ...fetching, hot: [100, 100, 310, 100, 100] }).limit, "unclear");
});

test("parts that differ by less than they vary are not told apart", (t) => {
  const busy = diagnose({ ...rounds(CUT), cutAlone: [30, 40, 90, 20, 50], carryAlone: [40, 30, 50, 60, 10] });
  t.is(busy.limit, "unclear");
  t.deepEqual([...busy.longest].toSorted(), ["carry", "cut"]);
});

const five = fc.array(fc.double({ min: 0.1, max: 1e4, noNaN: true }), { minLength: 5, maxLength: 5 });
const measured = fc.record({
  ...{ fresh: five, hot: five, plain: five, cutAlone: five, carryAlone: five },
  stepMs: fc.constantFrom(0, 20),
  utilisation: fc.constantFrom([], [0.1, 0.2, 0.3, 0.4, 0.5], [0.9, 0.95, 1, 1, 1]),
});
const wire = fc.record({
  image: fc.constantFrom("f32", "f16", "bf16"),
  label: fc.constantFrom("u8", "i16"),
  layout: fc.constant("channels-first"),
}) as fc.Arbitrary<WireFormat>;

test("whatever was measured, no part is negative, the limit is the longest, and the advice fits its line", (t) => {
  const verdict: Readonly<Record<Limit, string>> = {
    ...{ fetch: "fetch sets the pace", cut: "cut sets the pace", carry: "carry sets the pace" },
    ...{ step: "step sets the pace", unclear: "not clear" },
  };
  fc.assert(
    fc.property(measured, wire, fc.nat(2 ** 31), (rounds, wire, volumeBytes) => {
      const found = diagnose(rounds);
      const { limit, partsMs } = found;
      for (const part of PARTS) t.true(partsMs[part] >= 0, part);
      if (limit !== "step" && limit !== "unclear")
        t.is(partsMs[limit], Math.max(...PARTS.map((part) => partsMs[part])));
      const line = `stage 14: ${verdict[limit]}: ${advice(found, { wire, volumeBytes })}`;
      t.true(line.length <= 100, line);
    }),
  );
});
