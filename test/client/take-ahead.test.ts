import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "ava";
import fc from "fast-check";
import { connect } from "../../client/connect.js";
import type { Run } from "../../client/types.js";
import { StageTimeline, scheduleOf } from "../../plan/batch/stage-timeline.js";
import { oneServer } from "../conformance/served-store.js";
import { RUN_STEPS, SMALL_RUN } from "../conformance/small-run.js";

const CLIENT = new URL("../../client/index.js", import.meta.url).href;

const server = oneServer(test);

/** Blocks this thread, the event loop with it. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("a batch that came while the loop blocked its thread is handed over without a turn of the event loop", async (t) => {
  await using client = connect((await server()).address);
  const run = await client.openRun({ ...SMALL_RUN, stepsPerEpoch: 100 });
  const batches = run.batches();
  let isThere = false;
  for (let step = 0; step < 200 && !isThere; step++) {
    block(step === 0 ? 0 : 20);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const { value } = await batches.next();
    t.is(value?.step, step);
    isThere = !turned;
  }
  t.true(isThere);
});

/** A change of stage between two batches. */
interface Change {
  readonly stage: number;
  readonly hold: boolean;
  /** The first step not delivered, the first not wanted, or so many steps after the first not delivered. */
  readonly from: "immediate" | "unwanted" | number;
  /** The loop waits for the answer. */
  readonly waits: boolean;
}

/** What a loop does between two batches: lets time pass, or changes the stage, and then waits for the answer or goes on at once. */
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pause" as const), ms: fc.nat(4), blocks: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      stage: fc.nat(2),
      hold: fc.boolean(),
      from: fc.oneof(fc.constant("immediate" as const), fc.constant("unwanted" as const), fc.nat(3)),
      waits: fc.boolean(),
    }),
  },
);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("whatever is decided while batches are sent ahead, each comes once, in order, of the stage decided last for its step", async (t) => {
  const { address } = await server();
  await using client = connect(address);
  const checksums = new Map<string, number>();
  const checksumOf = async (step: number, stage: number) => {
    const key = `${step} ${stage}`;
    const known = checksums.get(key) ?? (await client.getBatch(SMALL_RUN, { step, stage })).checksum;
    checksums.set(key, known);
    return known;
  };
  const between = fc.array(fc.array(act, { maxLength: 3 }), { minLength: RUN_STEPS, maxLength: RUN_STEPS });
  const credit = fc.constantFrom(1, 2, 8);
  await fc.assert(
    fc.asyncProperty(between, credit, async (acts, creditBatches) => {
      const run = await client.openRun(SMALL_RUN, { creditBatches });
      const timeline = new StageTimeline(scheduleOf(run.info.spec, "train"));
      const batches = run.batches();
      for (let step = 0; step < RUN_STEPS; step++) {
        for (const one of step === 0 ? [] : (acts[step] ?? [])) {
          if (one.kind === "pause") await (one.blocks ? block(one.ms) : pause(one.ms));
          else await change(run, timeline, one, step);
        }
        const { value: batch } = await batches.next();
        const stage = timeline.stageOf(step);
        t.like(batch, { step, stage, checksum: await checksumOf(step, stage) });
        t.true(run.firstUnwanted >= Math.min(step + 2, RUN_STEPS), "one step is always wanted");
        t.true(run.firstUnwanted <= step + 1 + creditBatches, "a batch that was sent ahead counts against the credit");
      }
      t.true((await batches.next()).done);
    }),
    { numRuns: 10 },
  );
});

/** Changes the stage before `step` is delivered, and writes it into `timeline`. */
async function change(run: Run, timeline: StageTimeline, { stage, hold, from, waits }: Change, step: number) {
  const asked = { stage, hold, reason: "test" };
  if (from === "unwanted") {
    timeline.add(await run.changeStage(asked)); // only the answer says from which step on
    return;
  }
  const changed = run.changeStage({ ...asked, fromStep: from === "immediate" ? from : step + from });
  timeline.add({ ...asked, fromStep: from === "immediate" ? step : step + from });
  await (waits ? changed : Promise.resolve());
}

test("a process that leaves its loop without closing it ends, though a batch was sent ahead", async (t) => {
  const { address } = await server();
  const program = `
    import { connect } from ${JSON.stringify(CLIENT)};
    const run = await connect(process.argv[1]).openRun(JSON.parse(process.argv[2]));
    const batches = run.batches();
    for (let step = 0; step < 3; step++) await batches.next();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, address, JSON.stringify(SMALL_RUN)], {
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  t.is(code, 0);
});
