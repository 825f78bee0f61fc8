import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../../client/connect.js";
import type { StageChanged } from "../../../client/types.js";
import type { StageDecision } from "../../../plan/batch/stage-timeline.js";
import type { PatchstreamError } from "../../../plan/errors.js";
import type { Model } from "../../../trainer/engines/engine.js";
import { type LoopOptions, train } from "../../../trainer/loop/loop.js";
import { StageRequests } from "../../../trainer/loop/stage-requests.js";
import { DecisionLog } from "../../../trainer/run-folder/decision-log.js";
import type { TrainingEvent } from "../../../trainer/run-folder/events.js";
import { oneServer } from "../../conformance/served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_STEPS } from "../../conformance/small-run.js";

const server = oneServer(test);
const LOG = "timeline.jsonl";

/** A network that learns nothing; the loss of step `bad` is no number. */
function idleModel(bad?: number): Model {
  let steps = 0;
  return {
    step: async () => ({ loss: steps++ === bad ? Number.NaN : 1, crossEntropy: 1, dice: 0, gradientNorm: 1 }),
    validate: async () => ({ loss: 1, counts: [] }),
    predict: async () => new Float32Array(),
    save: async () => new Map(),
    load: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

function folderOf(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "patchstream-loop-"));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Trains on the small run, and what was told of it: events, and the steps at which checkpoints were made. */
async function trained(t: ExecutionContext, folder: string, changes: Partial<LoopOptions> = {}) {
  const client = connect((await server()).address, { deadlineMs: 30_000 });
  t.teardown(() => client[Symbol.asyncDispose]());
  const events: TrainingEvent[] = [];
  const checkpoints: number[] = [];
  const { log = new DecisionLog(folder), emit = () => {} } = changes;
  const settings = { learningRate: 0.01, momentum: 0.9, weightDecay: 0, gradientClip: 12 };
  const end = await train({
    run: await client.openRun(SMALL_RUN, { creditBatches: 2 }),
    model: idleModel(),
    settings,
    channels: 1,
    from: 0,
    checkpoint: async (steps) => {
      checkpoints.push(steps);
    },
    stageRequests: new StageRequests(),
    notice: () => {},
    signal: new AbortController().signal,
    ...changes,
    log,
    emit(event) {
      events.push(event);
      emit(event);
    },
  }).catch((error: PatchstreamError) => error);
  const steps = events.flatMap((event) => (event.kind === "step" ? [event.step] : []));
  return { end, steps, checkpoints };
}

/** One request for stage 2 to the end, from step 6 on, made after the first step; and what it is answered. */
function oneRequest() {
  let answer: (answered: StageChanged | PatchstreamError) => void = () => {};
  const answered = new Promise<StageChanged | PatchstreamError>((resolve) => {
    answer = resolve;
  });
  const request = { stage: 2, fromStep: 6, hold: true, resolve: answer, reject: answer as (error: unknown) => void };
  const stageRequests = new StageRequests();
  stageRequests.add(request);
  return { answered, stageRequests };
}

const scheduled = Array.from({ length: RUN_STEPS }, (_, step) => Math.floor(step / STAGE_STEPS));

test("a decision that cannot be written down is refused and changes no batch", async (t) => {
  t.timeout(60_000);
  const folder = folderOf(t);
  const log = new DecisionLog(folder);
  rmSync(join(folder, LOG), { force: true });
  mkdirSync(join(folder, LOG)); // nothing can be appended to a folder
  const { answered, stageRequests } = oneRequest();
  const { end, steps } = await trained(t, folder, { log, stageRequests });
  t.like(await answered, { code: "WRITE_FAILED" });
  t.is(end, RUN_STEPS);
  t.deepEqual(
    steps.map(({ stage }) => stage),
    scheduled,
  );
});

test("a decision that was carried out is on disk, and holds from its step on", async (t) => {
  t.timeout(60_000);
  const folder = folderOf(t);
  const { answered, stageRequests } = oneRequest();
  const { steps } = await trained(t, folder, { stageRequests });
  const decision = { stage: 2, fromStep: 6, reason: "manual", hold: true };
  t.like(await answered, decision);
  t.deepEqual(JSON.parse(readFileSync(join(folder, LOG), "utf8")), decision);
  t.deepEqual(
    steps.map(({ stage }) => stage),
    scheduled.map((stage, step) => (step < 6 ? stage : 2)),
  );
});

test("a training that is resumed has the stages that were decided before", async (t) => {
  t.timeout(60_000);
  const folder = folderOf(t);
  const decisions: StageDecision[] = [
    { stage: 1, fromStep: 3, reason: "manual", hold: false },
    { stage: 0, fromStep: 14, reason: "plateau", hold: true },
  ];
  new DecisionLog(folder).append(decisions);
  const { steps } = await trained(t, folder, { from: 4 });
  t.deepEqual(
    steps.map(({ step, stage }) => [step, stage]),
    scheduled.map((_, step) => [step, step < 14 ? 1 : 0]).slice(4),
  );
});

test("a loss that is no number ends the training before that step is told or saved", async (t) => {
  t.timeout(60_000);
  const { end, steps, checkpoints } = await trained(t, folderOf(t), { model: idleModel(6) });
  t.like(end, { code: "LOSS_NOT_FINITE", facts: { step: 6 } });
  t.is(steps.length, 6);
  t.deepEqual(checkpoints, [4]);
});

test("a training that is stopped takes no further step, and its checkpoint holds the last one", async (t) => {
  t.timeout(60_000);
  const stop = new AbortController();
  const { end, steps, checkpoints } = await trained(t, folderOf(t), {
    signal: stop.signal,
    emit: (event) => {
      if (event.kind === "step" && event.step.step === 5) stop.abort();
    },
  });
  t.is(end, 6);
  t.is(steps.length, 6);
  t.deepEqual(checkpoints, [4, 6]);
});
