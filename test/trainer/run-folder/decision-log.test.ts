import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { PatchstreamError } from "../../../plan/index.js";
import { StageTimeline, scheduledAfter, stageAt } from "../../../trainer/run-folder/decision-log.js";

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "patchstream-timeline-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

const stage = { patchSize: [8, 8, 8], batchSize: 1, epochs: 2, foregroundFraction: 0.5 } as const;
const spec = {
  stages: [stage, stage, stage, stage],
  stageOrder: "scheduled",
  epochs: 8,
  stepsPerEpoch: 2.5,
  seed: 1,
} as const;

test("a stage set by hand holds until the schedule has passed it", (t) => {
  // Scheduled: stage 1 from 5, 2 from 10, 3 from 15.
  const ahead = { stage: 2, fromStep: 3, reason: "manual" };
  const decisions = [...scheduledAfter(spec, { stage: 0, fromStep: 0 }), ahead, ...scheduledAfter(spec, ahead)];
  t.deepEqual(
    [0, 2, 3, 5, 9, 10, 14, 15, 19].map((step) => stageAt(spec, decisions, step)),
    [0, 0, 2, 2, 2, 2, 2, 3, 3],
  );
  const back = { stage: 0, fromStep: 12, reason: "manual" };
  const later = [...decisions, back, ...scheduledAfter(spec, back)];
  t.deepEqual(
    [11, 12, 14, 15, 19].map((step) => stageAt(spec, later, step)),
    [2, 0, 0, 3, 3],
  );
});

test("stages drawn for each step have nothing to announce", (t) => {
  t.deepEqual(scheduledAfter({ ...spec, stageOrder: "random" }, { stage: 0, fromStep: 0 }), []);
});

test("decisions are read back in order; a line cut off by the end of the process is forgotten", (t) => {
  const runs = folder(t);
  const [first, second] = scheduledAfter(spec, { stage: 0, fromStep: 0 });
  if (!first || !second) return t.fail();
  new StageTimeline(runs).append([first]);
  appendFileSync(join(runs, "timeline.jsonl"), JSON.stringify(second).slice(0, 9));
  const reopened = new StageTimeline(runs);
  t.deepEqual(reopened.decisions, [first]);
  reopened.append([second]);
  t.deepEqual(new StageTimeline(runs).decisions, [first, second]);
  t.is(readFileSync(join(runs, "timeline.jsonl"), "utf8").split("\n").length, 3);
});

test("a damaged line is named", (t) => {
  const runs = folder(t);
  writeFileSync(join(runs, "timeline.jsonl"), '{"stage":1,"fromStep":5,"reason":"scheduled"}\n{"sta\n');
  const error = t.throws(() => new StageTimeline(runs), { instanceOf: PatchstreamError });
  t.regex(error.message, /timeline\.jsonl: line 2 does not parse/);
});
