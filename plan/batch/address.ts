import type { Rank } from "./share.js";

/** Batches to train on, or to validate with. */
export type Timeline = "train" | "val";

/** Where a batch lies in a run. `stage` is resolved: `scheduledStageOf` gives the one that a step has by itself. */
export interface Address {
  readonly timeline: Timeline;
  /** From 0 to `stepsOf(spec, timeline)` - 1. */
  readonly step: number;
  readonly stage: number;
}

/** The text that `BatchBegin.address_checksum` is taken over: which batch of which run this is, and for which rank. */
export function addressText(digest: string, { timeline, step, stage }: Address, { rank, ranks }: Rank): string {
  return `${digest} ${timeline} ${step} ${stage} ${rank} ${ranks}`;
}
