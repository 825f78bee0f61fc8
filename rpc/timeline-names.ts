import type { Timeline } from "../plan/batch/address.js";

/** The timelines' names on the wire. */
export const TIMELINE_NAMES = { train: "TIMELINE_TRAIN", val: "TIMELINE_VAL" } as const satisfies Record<
  Timeline,
  string
>;
