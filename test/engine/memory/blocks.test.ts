import test from "ava";
import fc from "fast-check";
import { Blocks } from "../../../loader/engine/memory/blocks.js";

test("runs never overlap, stay inside, and everything can be had again once all is given back", (t) => {
  const action = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 12 }), isLast: fc.boolean() }),
    fc.record({ giveBack: fc.nat({ max: 20 }) }),
  );
  const check = (capacity: number, actions: ({ take: number; isLast: boolean } | { giveBack: number })[]) => {
    const blocks = new Blocks(capacity);
    const held: { start: number; count: number }[] = [];
    const owner = new Array<boolean>(capacity).fill(false);
    for (const act of actions) {
      if ("take" in act) {
        const start = act.isLast ? blocks.allocateLast(act.take) : blocks.allocate(act.take);
        const longestGap = Math.max(
          ...owner
            .map((taken) => (taken ? "x" : "."))
            .join("")
            .split("x")
            .map((gap) => gap.length),
        );
        t.is(start !== undefined, longestGap >= act.take);
        if (start === undefined) continue;
        t.false(owner.slice(start, start + act.take).includes(true));
        owner.fill(true, start, start + act.take);
        held.push({ start, count: act.take });
      } else {
        const [run] = held.splice(act.giveBack % Math.max(1, held.length), 1);
        if (run === undefined) continue;
        blocks.free(run.start);
        owner.fill(false, run.start, run.start + run.count);
      }
    }
    for (const { start } of held) blocks.free(start);
    t.is(blocks.allocate(capacity), 0);
  };
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.array(action, { maxLength: 60 }), check), { numRuns: 200 });
});

test("a run is given back once", (t) => {
  const blocks = new Blocks(4);
  const start = blocks.allocate(2);
  t.is(start, 0);
  blocks.free(0);
  t.throws(() => blocks.free(0), { instanceOf: RangeError });
});
