import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { StageChanged } from "../../../client/types.js";
import type { PatchstreamError } from "../../../plan/errors.js";
import { StageRequests } from "../../../trainer/loop/stage-requests.js";
import { DecisionLog } from "../../../trainer/run-folder/decision-log.js";
import { RUN_STEPS, SMALL_RUN, STAGE_STEPS } from "../../conformance/small-run.js";
import { folderOf, idleModel, oneClient, trained } from "./trained.js";

const client = oneClient(test);
const LOG = "timeline.jsonl";

/** The small run, trained in `folder`. */
async function smallRun(folder: string, changes: Parameters<typeof trained>[1] = {}) {
  return trained({ client: await client(), spec: SMALL_RUN, folder }, changes);
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
  t.timeout(300_000);
  const folder = folderOf(t);
  const log = new DecisionLog(folder);
  rmSync(join(folder, LOG), { force: true });
  mkdirSync(join(folder, LOG)); // nothing can be appended to a folder
  const { answered, stageRequests } = oneRequest();
  const { end, steps } = await smallRun(folder, { log, stageRequests });
  t.like(await answered, { code: "WRITE_FAILED" });
  t.is(end, "done");
  t.deepEqual(
    steps.map(({ stage }) => stage),
    scheduled,
  );
});

test("a decision that was carried out is on disk, and holds from its step on", async (t) => {
  t.timeout(300_000);
  const folder = folderOf(t);
  const { answered, stageRequests } = oneRequest();
  const { steps, events } = await smallRun(folder, { stageRequests });
  const decision = { stage: 2, fromStep: 6, reason: "manual", hold: true };
  t.like(await answered, decision);
  const told = { ...decision, text: "by hand, after step 0" };
  t.deepEqual(JSON.parse(readFileSync(join(folder, LOG), "utf8")), told);
  t.deepEqual(
    events.filter(({ kind }) => kind === "decided"),
    [{ kind: "decided", decided: told }],
  );
  t.deepEqual(
    steps.map(({ stage }) => stage),
    scheduled.map((stage, step) => (step < 6 ? stage : 2)),
  );
});

test("a training that is resumed has the stages that were decided before", async (t) => {
  t.timeout(300_000);
  const folder = folderOf(t);
  const decisions = [
    { stage: 1, fromStep: 3, reason: "manual", hold: false, text: "by hand" },
    { stage: 0, fromStep: 14, reason: "plateau", hold: true, text: "" },
  ];
  new DecisionLog(folder).append(decisions);
  const { steps } = await smallRun(folder, { from: 4 });
  t.deepEqual(
    steps.map(({ step, stage }) => [step, stage]),
    scheduled.map((_, step) => [step, step < 14 ? 1 : 0]).slice(4),
  );
});

test("a loss that is no number ends the training before that step is told or saved", async (t) => {
  t.timeout(300_000);
  const { end, steps, checkpoints } = await smallRun(folderOf(t), {
    model: idleModel({ lossOf: (step) => (step === 6 ? Number.NaN : 1) }),
  });
  t.like(end, { code: "LOSS_NOT_FINITE", facts: { step: 6 } });
  t.is(steps.length, 6);
  t.deepEqual(
    checkpoints.map(({ step }) => step),
    [4],
  );
});

test("a training that is stopped takes no further step, and its checkpoint holds the last one", async (t) => {
  t.timeout(300_000);
  const stop = new AbortController();
  const { end, steps, checkpoints } = await smallRun(folderOf(t), {
    signal: stop.signal,
    emit: (event) => {
      if (event.kind === "step" && event.step.step === 5) stop.abort();
    },
  });
  t.is(end, "stopped");
  t.is(steps.length, 6);
  t.deepEqual(
    checkpoints.map(({ step, progress }) => ({ step, epochs: progress.epochs })),
    [
      { step: 4, epochs: 1 },
      { step: 6, epochs: 1 },
    ],
  );
});
