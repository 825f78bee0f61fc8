import test from "ava";
import { MemoryBudget } from "../../../trainer/service/memory-budget.js";
import { Turns } from "../../../trainer/service/turns.js";

interface Job {
  readonly name: string;
  readonly need: { readonly bytes: number };
  end(): void;
}

/** Jobs that run until they are ended; `running` names them with the memory that each was given. */
function queue(places: number, bytes: number) {
  const running = new Map<string, number>();
  const ends = new Map<string, () => void>();
  const memory = new MemoryBudget(bytes);
  const begin = async ({ name }: Job, given: number) => {
    running.set(name, given);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    running.delete(name);
  };
  const turns = new Turns<Job>({ places, memory, begin });
  const add = (name: string, need: number): Job => {
    const job = { name, need: { bytes: need }, end: () => ends.get(name)?.() };
    turns.add(job);
    return job;
  };
  /** Ends a job; resolves when what comes of it has happened. */
  const end = async (job: Job) => {
    job.end();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { turns, memory, add, end, names: () => [...running.keys()], given: (name: string) => running.get(name) };
}

test("as many run as there are places, in order", async (t) => {
  const { add, end, names } = queue(2, 1000);
  const [first, second] = [add("a", 10), add("b", 10), add("c", 10), add("d", 10)] as const;
  t.deepEqual(names(), ["a", "b"]);
  await end(second);
  t.deepEqual(names(), ["a", "c"]);
  await end(first);
  t.deepEqual(names(), ["c", "d"]);
});

test("one that waits for memory is not overtaken by a smaller one", async (t) => {
  const { add, end, names } = queue(3, 1000);
  const first = add("a", 700);
  add("large", 600);
  add("small", 10);
  t.deepEqual(names(), ["a"]);
  await end(first);
  t.deepEqual(names(), ["large", "small"]);
});

test("one that is taken out of the queue lets those behind it begin with the next that ends", async (t) => {
  const { turns, add, end, names } = queue(1, 1000);
  const first = add("a", 10);
  const second = add("b", 10);
  add("c", 10);
  t.true(turns.remove(second));
  t.false(turns.remove(first), "it runs");
  await end(first);
  t.deepEqual(names(), ["c"]);
});

test("one that waits for memory and is taken out lets those behind it begin at once", (t) => {
  const { turns, add, names } = queue(2, 1000);
  add("a", 600);
  const large = add("b", 600);
  add("c", 100);
  t.deepEqual(names(), ["a"]);
  t.true(turns.remove(large));
  t.deepEqual(names(), ["a", "c"]);
});

test("each is given an equal share where it needs less, and a share is left; what it needs where that is more", (t) => {
  const { add, given, memory } = queue(3, 1000);
  add("a", 10);
  t.is(given("a"), 250);
  add("b", 600);
  t.is(given("b"), 600);
  add("c", 100);
  t.is(given("c"), 150, "no more than is free");
  t.is(memory.free, 0);
});

test("memory that others give back lets the next begin", (t) => {
  const { add, names, memory } = queue(2, 1000);
  const prediction = memory.take(900);
  add("a", 200);
  t.deepEqual(names(), []);
  prediction?.[Symbol.dispose]();
  t.deepEqual(names(), ["a"]);
  prediction?.[Symbol.dispose]();
  t.is(memory.free, 1000 - 333, "given back once");
});

test("a queue that is closed begins nothing more and gives back those that wait", async (t) => {
  const { turns, add, end, names } = queue(1, 1000);
  const first = add("a", 10);
  const second = add("b", 10);
  t.deepEqual(turns.close(), [second]);
  await end(first);
  t.deepEqual(names(), []);
  await turns.over();
});
