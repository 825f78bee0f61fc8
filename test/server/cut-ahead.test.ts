import test from "ava";
import fc from "fast-check";
import { type BatchSource, CutAhead, type ReadyBatch } from "../../loader/server/cut-ahead.js";
import { type ServerLimits, serverLimits } from "../../loader/server/limits.js";
import type { PatchstreamError } from "../../plan/errors.js";

const LIMITS: ServerLimits = { ...serverLimits({ maxOutstandingBytes: 1_000 }, 500), maxOutstandingSteps: 50 };

const AMPLE = { shareBytes: Number.POSITIVE_INFINITY };

interface Lease {
  readonly step: number;
  readonly stage: number;
  release(): void;
}

/** Counts what is cut and held; every cut takes a turn of the event loop. Stage s has s + 1 bytes, step s stage s mod 3. */
class CountingSource implements BatchSource<Lease> {
  held = 0;
  cutting = 0;
  mostAtOnce = 0;

  schedule = { order: "scheduled", stageOf: (step: number) => step % 3 } as const;
  checkStep = () => {};
  batchBytes = (stage: number) => stage + 1;

  async cut(step: number, stage: number): Promise<Lease> {
    this.cutting++;
    await new Promise(setImmediate);
    this.cutting--;
    this.held++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.held);
    return { step, stage, release: () => this.held-- };
  }
}

const actions = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("want" as const),
      step: fc.nat(30),
      count: fc.integer({ min: 1, max: 3 }),
      stage: fc.option(fc.nat(2)),
    }),
    fc.record({ kind: fc.constant("report" as const), stage: fc.nat(2), fromStep: fc.nat(30) }),
    fc.record({ kind: fc.constant("cancel" as const), step: fc.nat(30), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("take" as const) }),
  ),
  { maxLength: 12 },
);

async function next(batches: CutAhead<Lease>): Promise<ReadyBatch<Lease> | undefined> {
  while (await batches.ready()) {
    const batch = batches.take();
    if (batch !== undefined) return batch;
  }
  return undefined;
}

test("every want is handed out once with the stage its step had when wanted, or dropped, and all memory comes back", async (t) => {
  await fc.assert(
    fc.asyncProperty(actions, async (acts) => {
      const source = new CountingSource();
      const batches = new CutAhead<Lease>(source, LIMITS, AMPLE);
      let wanted: { step: number; stage: number }[] = [];
      const reports: { stage: number; fromStep: number }[] = [];
      const take = async () => {
        const ready = await next(batches);
        if (ready === undefined) return false;
        const index = wanted.findIndex(({ step, stage }) => step === ready.step && stage === ready.stage);
        if (index < 0) throw new Error(`step ${ready.step} with stage ${ready.stage} was not wanted`);
        if (ready.lease.step !== ready.step || ready.lease.stage !== ready.stage) throw new Error("another batch");
        wanted.splice(index, 1);
        ready.lease.release();
        return true;
      };
      for (const act of acts) {
        if (act.kind === "want") {
          batches.want(act.step, act.count, act.stage ?? undefined);
          for (let step = act.step; step < act.step + act.count; step++) {
            const reported = reports.findLast(({ fromStep }) => fromStep <= step)?.stage;
            wanted.push({ step, stage: act.stage ?? reported ?? step % 3 });
          }
        } else if (act.kind === "report") {
          reports.push(act);
          wanted = wanted.filter(({ step }) => step < act.fromStep);
          batches.report({ ...act, reason: "", hold: true }, 100);
        } else if (act.kind === "cancel") {
          wanted = wanted.filter(({ step }) => step < act.step || step >= act.step + act.count);
          batches.cancel(act.step, act.count);
        } else if (wanted.length > 0) await take();
      }
      batches.finish({ dropQueued: false });
      while (await take());
      while (source.cutting > 0) await new Promise(setImmediate);
      return wanted.length === 0 && source.held === 0;
    }),
  );
  t.pass();
});

test("each cut that begins is of the lowest step wanted then, two are ahead of the wire, and they go out as they began", async (t) => {
  const source = new CountingSource();
  const batches = new CutAhead<Lease>(source, LIMITS, AMPLE);
  batches.want(40, 20, undefined);
  batches.want(0, 5, undefined);
  const steps: number[] = [];
  for (let count = 0; count < 9; count++) {
    const ready = await next(batches);
    steps.push(ready?.step ?? -1);
    while (source.cutting > 0) await new Promise(setImmediate);
    ready?.lease.release();
  }
  t.deepEqual(steps, [40, 41, 0, 1, 2, 3, 4, 42, 43]);
  t.is(source.mostAtOnce, 3);
});

test("a report drops a batch that is cut and not taken: what is wanted behind it begins at once", async (t) => {
  const source = new CountingSource();
  const batches = new CutAhead<Lease>(source, LIMITS, AMPLE);
  batches.want(4, 2, 0);
  t.true(await batches.ready());
  batches.report({ stage: 2, fromStep: 3, reason: "", hold: true }, 100);
  t.is(batches.take(), undefined);
  t.is(batches.outstanding, 0);
  batches.want(4, 1, undefined);
  batches.want(5, 1, 1);
  for (const [step, stage] of [
    [4, 2],
    [5, 1],
  ] as const) {
    const batch = await next(batches);
    t.like(batch, { step, stage });
    batch?.lease.release();
  }
  t.is(source.held, 0);
});

test("reports cannot overrun the limits: what a larger stage takes is counted when it is wanted", (t) => {
  const source = new CountingSource();
  source.batchBytes = (stage) => (stage === 0 ? 10 : 500);
  const batches = new CutAhead<Lease>(source, { ...LIMITS, maxOutstandingBytes: 600 }, AMPLE);
  batches.want(0, 50, 0);
  batches.report({ stage: 2, fromStep: 10, reason: "", hold: true }, 100);
  batches.want(10, 1, undefined);
  const error = t.throws<PatchstreamError>(() => batches.want(11, 1, undefined));
  t.like(error?.facts, { code: "LIMIT_EXCEEDED", limit: "max_outstanding_bytes", got: 1_100, max: 600 });
  t.is(batches.outstanding, 11);
  batches.close();
});

test("a stream cuts ahead within its share only, and gives back what it has cut beyond it, to be cut again", async (t) => {
  const source = new CountingSource();
  source.batchBytes = () => 100;
  const memory = { shareBytes: 250 };
  const batches = new CutAhead<Lease>(source, LIMITS, memory);
  const settle = async () => {
    do await new Promise(setImmediate);
    while (source.cutting > 0);
    return source.held;
  };
  batches.want(0, 5, undefined);
  const first = await next(batches);
  t.is(await settle(), 2);
  memory.shareBytes = 100;
  batches.giveBack(memory.shareBytes);
  t.is(await settle(), 1);
  t.is(batches.outstanding, 5);
  first?.lease.release();
  const steps: number[] = [];
  for (let batch = await next(batches); steps.length < 4; batch = await next(batches)) {
    steps.push(batch?.step ?? -1);
    t.is(await settle(), 1);
    batch?.lease.release();
    if (steps.length === 4) break;
  }
  t.deepEqual(steps, [1, 2, 3, 4]);
});

test("closing gives everything back and ends who waits", async (t) => {
  const source = new CountingSource();
  const batches = new CutAhead<Lease>(source, LIMITS, AMPLE);
  const waiting = next(batches);
  batches.want(0, 9, undefined);
  (await waiting)?.lease.release();
  batches.close();
  t.is(await next(batches), undefined);
  while (source.cutting > 0) await new Promise(setImmediate);
  t.is(source.held, 0);
});

test("a cut that fails is thrown where its batch was due", async (t) => {
  const source = new CountingSource();
  source.cut = () => Promise.reject(new Error("no voxels"));
  const batches = new CutAhead<Lease>(source, LIMITS, AMPLE);
  batches.want(3, 2, undefined);
  await t.throwsAsync(next(batches), { message: "no voxels" });
});
