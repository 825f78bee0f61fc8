import test from "ava";
import fc from "fast-check";
import { type NamedSource, SharedCuts, type SharedLease, type SharedSource } from "../../loader/server/shared-cuts.js";

interface Lease {
  readonly step: number;
  readonly stage: number;
  release(): void;
}

interface Running {
  readonly at: string;
  readonly signal: AbortSignal;
  finish(error?: Error): void;
}

/** Cuts end when the test says so. A cut that is stopped is done all the same, as one that was nearly finished. */
class Source implements NamedSource<Lease> {
  readonly name: string;
  /** Cuts begun. */
  begun = 0;
  /** Leases that nobody has released. */
  held = 0;
  running: Running[] = [];

  constructor(name = "run") {
    this.name = name;
  }

  schedule = { order: "scheduled", stageOf: () => 0 } as const;
  checkStep = () => {};
  batchBytes = () => 10;

  cut(step: number, stage: number, signal: AbortSignal): Promise<Lease> {
    this.begun++;
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        this.running = this.running.filter((one) => one !== running);
        if (error !== undefined) return reject(error);
        this.held++;
        resolve({ step, stage, release: () => this.held-- });
      };
      const running = { at: `${step} ${stage}`, signal, finish };
      this.running.push(running);
    });
  }

  async finishAll(): Promise<void> {
    for (const { finish } of [...this.running]) finish();
    await settled();
  }
}

const settled = () => new Promise(setImmediate);

const ROOM = { budgetBytes: 1_000, isShort: () => false };

const never = () => new AbortController().signal;

async function given(source: Source, waiting: Promise<SharedLease<Lease>>): Promise<SharedLease<Lease>> {
  await source.finishAll();
  return waiting;
}

test("streams of one run that want the same batch at once get it from one cut, which is released when the last has released it", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>(ROOM);
  const streams = [cuts.join(source), cuts.join(source), cuts.join(source)];
  const leases = streams.map((stream) => stream.cut(4, 1, never()));
  await source.finishAll();
  t.is(source.begun, 1);
  const got = await Promise.all(leases);
  t.deepEqual(
    got.map(({ step, stage, isShared }) => ({ step, stage, isShared })),
    [false, true, true].map((isShared) => ({ step: 4, stage: 1, isShared })),
  );
  for (const { release } of got) {
    t.is(source.held, 1);
    release();
    release();
  }
  t.is(source.held, 0);
});

test("another step, stage or run is another cut", async (t) => {
  const cuts = new SharedCuts<Lease>(ROOM);
  const [one, other] = [new Source("one"), new Source("other")];
  const streams = [cuts.join(one), cuts.join(one), cuts.join(other)] as const;
  for (const lease of [
    streams[0].cut(4, 1, never()),
    streams[1].cut(4, 2, never()),
    streams[1].cut(5, 1, never()),
    streams[2].cut(4, 1, never()),
  ])
    lease.catch(() => {});
  t.is(one.begun, 3);
  t.is(other.begun, 1);
});

test("a stream that comes to a batch while another is ahead of it gets what that one was given, without a cut", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>(ROOM);
  const [ahead, behind] = [cuts.join(source), cuts.join(source)];
  for (let step = 0; step < 20; step++) (await given(source, ahead.cut(step, 0, never()))).release();
  t.is(cuts.kept, 20);
  for (let step = 0; step < 20; step++) {
    const lease = await behind.cut(step, 0, never());
    t.like(lease, { step, stage: 0, isShared: true });
    lease.release();
    t.is(cuts.kept, 19 - step);
  }
  t.is(source.begun, 20);
  t.is(source.held, 0);
});

test("a stream alone keeps nothing, and what is kept goes when the stream that it is kept for leaves or passes it", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>(ROOM);
  const ahead = cuts.join(source);
  const leases = [];
  for (const step of [9, 3, 4]) leases.push(await given(source, ahead.cut(step, 0, never())));
  for (const { release } of leases) release();
  t.is(source.held, 0);
  const behind = cuts.join(source);
  for (const step of [10, 11, 12]) (await given(source, ahead.cut(step, 0, never()))).release();
  t.is(source.held, 3);
  const passed = behind.cut(11, 1, never());
  t.is(source.held, 1);
  behind.leave();
  t.is(source.held, 0);
  (await given(source, passed)).release();
  t.is(source.held, 0);
});

test("nothing is kept for a stream that is further behind than the memory reaches", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>({ ...ROOM, budgetBytes: 50 });
  const [ahead, behind] = [cuts.join(source), cuts.join(source)];
  (await given(source, behind.cut(0, 0, never()))).release();
  for (const step of [5, 6]) (await given(source, ahead.cut(step, 0, never()))).release();
  t.is(cuts.kept, 1);
  t.true((await behind.cut(5, 0, never())).isShared);
});

test("memory that somebody waits for is given back, first what is wanted last; nothing is kept meanwhile", async (t) => {
  const source = new Source();
  let needed = 0;
  const cuts = new SharedCuts<Lease>({ ...ROOM, isShort: () => source.held > 4 - needed });
  const [ahead, behind] = [cuts.join(source), cuts.join(source)];
  for (let step = 0; step < 4; step++) (await given(source, ahead.cut(step, 0, never()))).release();
  needed = 2;
  cuts.giveBack();
  t.is(cuts.kept, 2);
  for (const step of [0, 1]) t.true((await behind.cut(step, 0, never())).isShared);
  (await given(source, ahead.cut(4, 0, never()))).release();
  t.is(cuts.kept, 0);
});

test("a stream that ends while it waits does not end the cut that another waits for; with nobody left it is stopped", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>(ROOM);
  const [first, second] = [cuts.join(source), cuts.join(source)];
  const [gone, hungUp] = [new AbortController(), new AbortController()];
  const ended = first.cut(0, 0, gone.signal);
  const goingOn = second.cut(0, 0, hungUp.signal);
  gone.abort(new Error("gone"));
  await t.throwsAsync(ended, { message: "gone" });
  const [running] = source.running;
  t.false(running?.signal.aborted);
  hungUp.abort(new Error("hung up"));
  await t.throwsAsync(goingOn, { message: "hung up" });
  t.true(running?.signal.aborted);
  const anew = first.cut(0, 0, never());
  t.is(source.begun, 2);
  await source.finishAll();
  (await anew).release();
  t.is(source.held, 0);
});

test("a cut that fails is thrown at all who wait, and made anew for who asks then", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>(ROOM);
  const streams = [cuts.join(source), cuts.join(source)];
  cuts.join(source); // a third one is behind
  const waiting = streams.map((stream) => stream.cut(0, 0, never()));
  source.running[0]?.finish(new Error("no voxels"));
  for (const lease of waiting) await t.throwsAsync(lease, { message: "no voxels" });
  t.is(cuts.kept, 0);
  const anew = streams.map((stream) => stream.cut(0, 0, never()));
  await source.finishAll();
  for (const { step } of await Promise.all(anew)) t.is(step, 0);
  t.is(source.begun, 2);
});

test("a stream that asks again for what it was given gets a new cut; what it gave back unsent is not cut again", async (t) => {
  const source = new Source();
  const cuts = new SharedCuts<Lease>(ROOM);
  const [first, second] = [cuts.join(source), cuts.join(source)];
  const takenBack = new AbortController();
  const leases = [first.cut(0, 0, takenBack.signal), second.cut(0, 0, never())];
  await source.finishAll();
  const [unsent, sent] = await Promise.all(leases);
  takenBack.abort();
  unsent?.release();
  t.true((await first.cut(0, 0, never())).isShared);
  t.is(source.begun, 1);
  const again = second.cut(0, 0, never());
  t.is(source.begun, 2);
  t.false((await given(source, again)).isShared);
  sent?.release();
  t.is(source.held, 2);
});

const STREAMS = 3;
const stream = fc.nat(STREAMS - 1);
const actions = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("cut" as const), stream, step: fc.nat(6), stage: fc.nat(1) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("finish" as const), fails: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("release" as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("abort" as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), stream }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("short" as const), isShort: fc.boolean() }) },
  ),
  { maxLength: 40 },
);

test("whatever streams do, each is given what it asked for, no batch is cut twice at once, and all memory comes back", async (t) => {
  await fc.assert(
    fc.asyncProperty(actions, async (acts) => {
      const source = new Source();
      let isShort = false;
      const cuts = new SharedCuts<Lease>({ budgetBytes: 40, isShort: () => isShort });
      const streams: SharedSource<Lease>[] = Array.from({ length: STREAMS }, () => cuts.join(source));
      let waiting: { at: string; abort: AbortController }[] = [];
      let leases: SharedLease<Lease>[] = [];
      for (const act of acts) {
        if (act.kind === "cut") {
          const abort = new AbortController();
          const one = { at: `${act.step} ${act.stage}`, abort };
          waiting.push(one);
          streams[act.stream]?.cut(act.step, act.stage, abort.signal).then(
            (lease) => {
              waiting = waiting.filter((other) => other !== one);
              if (`${lease.step} ${lease.stage}` !== one.at) throw new Error("another batch");
              leases.push(lease);
            },
            () => {
              waiting = waiting.filter((other) => other !== one);
            },
          );
        } else if (act.kind === "finish") source.running[0]?.finish(act.fails ? new Error("failed") : undefined);
        else if (act.kind === "release" && leases.length > 0) {
          const [lease] = leases.splice(act.which % leases.length, 1);
          lease?.release();
        } else if (act.kind === "abort" && waiting.length > 0) waiting[act.which % waiting.length]?.abort.abort();
        else if (act.kind === "leave") {
          streams[act.stream]?.leave();
          streams[act.stream] = cuts.join(source);
        } else if (act.kind === "short") {
          isShort = act.isShort;
          cuts.giveBack();
        }
        await settled();
        const going = source.running.filter(({ signal }) => !signal.aborted).map(({ at }) => at);
        if (new Set(going).size < going.length) throw new Error("one batch is cut twice");
        for (const { at } of waiting) if (!going.includes(at)) throw new Error(`nobody cuts ${at}`);
        if (going.some((at) => !waiting.some((one) => one.at === at))) throw new Error("cut for nobody");
        if (isShort && cuts.kept > 0) throw new Error("kept though memory is short");
        if (source.held > leases.length + cuts.kept) throw new Error("memory that nobody has");
      }
      for (const { abort } of waiting) abort.abort();
      for (const { leave } of streams) leave();
      for (const lease of leases) lease.release();
      leases = [];
      await source.finishAll();
      return source.held === 0 && cuts.kept === 0;
    }),
  );
  t.pass();
});
