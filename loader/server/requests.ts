import type { Timeline } from "../../plan/batch/address.js";
import { LONGEST_REASON } from "../../plan/batch/stage-timeline.js";
import { refuseRequest } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import type { Messages } from "../../proto/messages.js";
import type { Region } from "../dataset/dataset.js";

export function readTimeline(value: Messages["Start"]["timeline"], field: string): Timeline {
  switch (value) {
    case "TIMELINE_TRAIN":
      return "train";
    case "TIMELINE_VAL":
      return "val";
    default:
      return refuseRequest(field, value, "TIMELINE_TRAIN or TIMELINE_VAL");
  }
}

const MOST_METRICS = 64;

/** Checks what a stage report says beside its stage, which only the run knows. */
export function checkReport({ reason, metrics }: Messages["StageReport"]): void {
  if (reason.length > LONGEST_REASON)
    refuseRequest("stage_report.reason", `${reason.length} characters`, `at most ${LONGEST_REASON}`);
  const entries = Object.entries(metrics);
  if (entries.length > MOST_METRICS)
    refuseRequest("stage_report.metrics", `${entries.length} entries`, `at most ${MOST_METRICS}`);
  for (const [name, value] of entries)
    if (!Number.isFinite(value))
      refuseRequest(`stage_report.metrics[${JSON.stringify(name)}]`, String(value), "finite");
}

function readZyx(values: readonly number[], field: string): Zyx {
  const [z, y, x] = values;
  if (values.length !== 3 || z === undefined || y === undefined || x === undefined)
    return refuseRequest(field, values, "three numbers (Z,Y,X)");
  return [z, y, x];
}

/** A region inside `shape` (Z,Y,X), not empty. */
export function readRegion({ start, end }: Messages["Region"], shape: Zyx): Region {
  const region = { start: readZyx(start, "region.start"), end: readZyx(end, "region.end") };
  for (const axis of [0, 1, 2] as const) {
    const [from, to] = [region.start[axis], region.end[axis]];
    if (from >= to || to > shape[axis])
      refuseRequest("region", region, `a box that is not empty, inside of ${shape.join("x")} (Z,Y,X)`);
  }
  return region;
}
