import test from "ava";
import fc from "fast-check";
import { ToldEvents } from "../../../trainer/client/told-events.js";

interface Told {
  readonly number: number;
}

/** What of a history is told, one stream after the other, each of which may end early. */
function toldOf(streams: readonly (readonly Told[])[]): Told[] {
  const told = new ToldEvents();
  return streams.flatMap((stream) => {
    told.rewind();
    return stream.filter((event) => told.isNew(event));
  });
}

const history = (length: number, from = 0) => Array.from({ length }, (_, index) => ({ number: from + index }));

test("however often a stream is cut and begins again, each event is told once, in order", (t) => {
  fc.assert(
    fc.property(fc.nat(3000), fc.array(fc.nat(3000)), (length, cuts) => {
      const whole = history(length);
      const streams = [...cuts.map((cut) => whole.slice(0, cut)), whole];
      t.deepEqual(toldOf(streams), whole);
    }),
    { numRuns: 30 },
  );
});

test("of a history that goes on otherwise from some event on, what came before is not told again, and all after it is", (t) => {
  const before = history(100);
  const other = [...before.slice(0, 60), ...history(80, 1000)];
  t.deepEqual(toldOf([before, other.slice(0, 70), other]), [...before, ...other.slice(60)]);
});

test("events that are equal are told as often as they happened", (t) => {
  const same = Array.from({ length: 5 }, () => ({ number: 1 }));
  t.deepEqual(toldOf([same.slice(0, 2), same]), same);
});
