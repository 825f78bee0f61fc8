import test from "ava";
import fc from "fast-check";
import { type BatchSource, CutAhead } from "../../loader/server/cut-ahead.js";
import type { ServerLimits } from "../../loader/server/limits.js";

const LIMITS: ServerLimits = {
  maxOutstandingBytes: 1_000,
  maxOutstandingSteps: 50,
  maxSpecBytes: 1,
  maxMessageBytes: 1,
  maxBatchBytes: 500,
  maxStreams: 1,
  maxStallMs: 1,
};

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
    fc.record({ kind: fc.constant("take" as const) }),
  ),
  { maxLength: 12 },
);

test("every want is handed out once with the stage its step has then, and all memory comes back", async (t) => {
  await fc.assert(
    fc.asyncProperty(actions, async (acts) => {
      const source = new CountingSource();
      const batches = new CutAhead<Lease>(source, LIMITS);
      const wanted: { step: number; asked: number | undefined }[] = [];
      const reports: { stage: number; fromStep: number }[] = [];
      const take = async () => {
        const ready = await batches.next();
        if (ready === undefined) return false;
        const index = wanted.findIndex(({ step, asked }) => {
          const reported = reports.findLast(({ fromStep }) => fromStep <= step)?.stage;
          return step === ready.step && ready.stage === (reported ?? asked ?? step % 3);
        });
        if (index < 0) throw new Error(`step ${ready.step} with stage ${ready.stage} was not wanted`);
        if (ready.lease.step !== ready.step || ready.lease.stage !== ready.stage) throw new Error("another batch");
        wanted.splice(index, 1);
        ready.lease.release();
        return true;
      };
      for (const act of acts) {
        if (act.kind === "want") {
          const asked = act.stage ?? undefined;
          batches.want(act.step, act.count, asked);
          for (let i = 0; i < act.count; i++) wanted.push({ step: act.step + i, asked });
        } else if (act.kind === "report") {
          reports.push(act);
          batches.reaim({ ...act, reason: "", hold: true });
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

test("wants are handed out in step order, two of them cut ahead", async (t) => {
  const source = new CountingSource();
  const batches = new CutAhead<Lease>(source, LIMITS);
  batches.want(6, 6, undefined);
  batches.want(0, 6, undefined);
  const steps: number[] = [];
  for (let count = 0; count < 12; count++) {
    const ready = await batches.next();
    steps.push(ready?.step ?? -1);
    while (source.cutting > 0) await new Promise(setImmediate);
    ready?.lease.release();
  }
  t.deepEqual(steps, [6, 7, 0, 1, 2, 3, 4, 5, 8, 9, 10, 11]);
  t.is(source.mostAtOnce, 3);
});

test("closing gives everything back and ends who waits", async (t) => {
  const source = new CountingSource();
  const batches = new CutAhead<Lease>(source, LIMITS);
  const waiting = batches.next();
  batches.want(0, 9, undefined);
  (await waiting)?.lease.release();
  batches.close();
  t.is(await batches.next(), undefined);
  while (source.cutting > 0) await new Promise(setImmediate);
  t.is(source.held, 0);
});

test("a cut that fails is thrown where its batch was due", async (t) => {
  const source = new CountingSource();
  source.cut = () => Promise.reject(new Error("no voxels"));
  const batches = new CutAhead<Lease>(source, LIMITS);
  batches.want(3, 2, undefined);
  await t.throwsAsync(batches.next(), { message: "no voxels" });
});
