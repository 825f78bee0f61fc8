import test from "ava";
import fc from "fast-check";
import { type StageDecision, StageTimeline, scheduleOf } from "../../../plan/batch/stage-timeline.js";

const stage = { patchSize: [8, 8, 8], batchSize: 1, epochs: 2, foregroundFraction: 0.5 } as const;
/** Scheduled: stage 1 from step 5, 2 from 10, 3 from 15. */
const spec = {
  stages: [stage, stage, stage, stage],
  stageOrder: "scheduled",
  epochs: 8,
  stepsPerEpoch: 2.5,
  valSteps: 1,
  seed: 1,
} as const;
const schedule = scheduleOf(spec, "train");

const decided = (changes: Partial<StageDecision>): StageDecision => ({
  stage: 0,
  fromStep: 0,
  reason: "manual",
  hold: false,
  ...changes,
});

const decisions = fc.array(
  fc.record({ stage: fc.nat(3), fromStep: fc.nat(19), reason: fc.constant(""), hold: fc.boolean() }),
  { maxLength: 30 },
);

/** The stage of a step by the words of `StageDecision`, read step by step. */
function stageByWords(all: readonly StageDecision[], step: number): number {
  const newest = all.findLast(({ fromStep }) => fromStep <= step);
  if (newest === undefined) return schedule.stageOf(step);
  for (let at = newest.fromStep + 1; at <= step && !newest.hold; at++) {
    const entered = schedule.stageOf(at) !== schedule.stageOf(at - 1);
    if (entered && schedule.stageOf(at) > newest.stage) return schedule.stageOf(step);
  }
  return newest.stage;
}

test("the newest decision that covers a step decides, until the schedule reaches a later stage unless it holds", (t) => {
  fc.assert(
    fc.property(decisions, decisions, fc.nat(19), (replayed, made, step) => {
      const timeline = new StageTimeline(schedule, replayed);
      for (const one of made) timeline.add(one);
      t.is(timeline.stageOf(step), stageByWords([...replayed, ...made], step));
    }),
  );
});

test("what is kept of the decisions means the same as all of them", (t) => {
  fc.assert(
    fc.property(decisions, (all) => {
      const timeline = new StageTimeline(schedule, all);
      const kept = new StageTimeline(schedule, timeline.decisions);
      for (let step = 0; step < 20; step++) t.is(kept.stageOf(step), timeline.stageOf(step));
    }),
  );
});

test("whoever makes a decision is told where the schedule goes on", (t) => {
  fc.assert(
    fc.property(decisions, fc.integer({ min: 1, max: 20 }), (all, steps) => {
      const last = all.at(-1);
      if (last === undefined || last.fromStep >= steps) return;
      const timeline = new StageTimeline(schedule, all);
      const after = Array.from({ length: steps }, (_, step) => step).filter((step) => step >= last.fromStep);
      t.is(
        timeline.resumes(last, steps),
        after.find((step) => timeline.decided(step) === undefined),
      );
    }),
  );
});

test("a stage set ahead holds until the schedule has passed it, one set back until the next transition", (t) => {
  const ahead = new StageTimeline(schedule, [decided({ stage: 2, fromStep: 3 })]);
  t.deepEqual(
    [0, 2, 3, 5, 9, 10, 14, 15, 19].map((step) => ahead.stageOf(step)),
    [0, 0, 2, 2, 2, 2, 2, 3, 3],
  );
  ahead.add(decided({ stage: 0, fromStep: 12 }));
  t.deepEqual(
    [11, 12, 14, 15, 19].map((step) => ahead.stageOf(step)),
    [2, 0, 0, 3, 3],
  );
});

test("where stages are drawn for each step, a stage that was set holds to the end", (t) => {
  const drawn = scheduleOf({ ...spec, stageOrder: "random" }, "train");
  const timeline = new StageTimeline(drawn, [decided({ stage: 1, fromStep: 4 })]);
  for (let step = 4; step < 20; step++) t.is(timeline.stageOf(step), 1);
});

test("more decisions than any run makes are refused", (t) => {
  const timeline = new StageTimeline(schedule);
  for (let fromStep = 0; fromStep < 4096; fromStep++) timeline.add(decided({ fromStep }));
  t.throws(() => timeline.add(decided({ fromStep: 4096 })), { message: /max_stage_decisions is 4097/ });
  timeline.add(decided({ fromStep: 9 }));
  t.is(timeline.decisions.length, 10);
});
