import type { Timeline } from "../../plan/batch/address.js";
import { type Schedule, scheduleOf } from "../../plan/batch/stage-timeline.js";
import type { RunInfo } from "../types.js";

/** The schedule that a server describes; where each step's stage is drawn from the seed, it is drawn here. */
export function scheduleOfRun(info: RunInfo, timeline: Timeline): Schedule {
  const { stages } = info[timeline];
  const first = stages.flatMap(({ stage, firstStep }) => (firstStep === undefined ? [] : [{ stage, firstStep }]));
  if (first.length < stages.length) return scheduleOf(info.spec, timeline);
  return {
    order: "scheduled",
    // Of stages that begin at the same step all but the last have no step.
    stageOf: (step) => first.findLast(({ firstStep }) => firstStep <= step)?.stage ?? 0,
  };
}
