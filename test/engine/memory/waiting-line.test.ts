import test from "ava";
import fc from "fast-check";
import { WaitingLine } from "../../../loader/engine/memory/waiting-line.js";

/** A room of `free` places, in front of which callers wait. */
class Room {
  readonly line = new WaitingLine();
  readonly served: number[] = [];
  readonly #left: AbortController[] = [];
  #free: number;

  constructor(free: number) {
    this.#free = free;
  }

  /** Caller number `caller` takes `places`; settled once it has them or has left. */
  take(caller: number, places: number): Promise<void> {
    const stop = new AbortController();
    this.#left.push(stop);
    const attempt = () => {
      if (places > this.#free) return undefined;
      this.#free -= places;
      this.served.push(caller);
      return places;
    };
    return this.line.take(attempt, stop.signal).then(
      () => {},
      () => {},
    );
  }

  leave(caller: number): void {
    this.#left[caller]?.abort();
  }

  giveBack(places: number): void {
    this.#free += places;
    this.line.retry();
  }

  get free(): number {
    return this.#free;
  }
}

test("whoever came first is served first, however little those behind want", async (t) => {
  t.timeout(60_000);
  const room = new Room(1);
  void room.take(0, 3);
  void room.take(1, 1);
  t.deepEqual(room.served, []);
  room.giveBack(1);
  t.deepEqual(room.served, []);
  room.giveBack(1);
  t.deepEqual(room.served, [0]);
  room.giveBack(1);
  t.deepEqual(room.served, [0, 1]);
});

test("whoever gives up waiting lets those behind through, and gets nothing later", async (t) => {
  t.timeout(60_000);
  const room = new Room(1);
  const first = room.take(0, 3);
  void room.take(1, 1);
  room.leave(0);
  await first;
  t.deepEqual(room.served, [1]);
  room.giveBack(9);
  t.deepEqual(room.served, [1]);
});

test("an attempt that throws tells its caller alone", async (t) => {
  t.timeout(60_000);
  const line = new WaitingLine();
  let isBroken = false;
  const first = line.take(() => {
    if (isBroken) throw new Error("broken");
    return undefined;
  });
  const second = line.take(() => (isBroken ? "served" : undefined));
  isBroken = true;
  line.retry();
  await t.throwsAsync(first, { message: "broken" });
  t.is(await second, "served");
});

const acts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("take" as const), places: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant("give back" as const), places: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant("leave" as const), which: fc.nat(20) }),
  ),
  { maxLength: 40 },
);

test("callers are served in the order in which they came, and the first who waits is one that there is no room for", (t) => {
  fc.assert(
    fc.property(acts, (acts) => {
      const room = new Room(2);
      const waiting: { caller: number; places: number }[] = [];
      let callers = 0;
      let known = 0;
      for (const act of acts) {
        if (act.kind === "take") {
          waiting.push({ caller: callers, places: act.places });
          void room.take(callers++, act.places);
        } else if (act.kind === "give back") room.giveBack(act.places);
        else {
          const index = waiting.findIndex(({ caller }) => caller === act.which);
          if (index >= 0) waiting.splice(index, 1);
          room.leave(act.which);
        }
        for (; known < room.served.length; known++) t.is(room.served[known], waiting.shift()?.caller);
        const [next] = waiting;
        t.true(next === undefined || next.places > room.free);
      }
    }),
  );
});
