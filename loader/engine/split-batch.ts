import type { BatchPlan, Crop } from "../../plan/sampling/batch-plan.js";

/** Samples of one case that one task cuts, each with its place in the batch. */
export interface BatchPart {
  readonly caseId: string;
  /** Samples of the case in the whole batch. */
  readonly ofCase: number;
  readonly crops: readonly { readonly place: number; readonly crop: Crop }[];
}

/** A task of fewer bytes costs more to send than to do. */
const SMALLEST_PART_BYTES = 262_144;

/** Splits a batch into parts of one case each, none with more samples than a worker's fair share. */
export function splitBatch(plan: BatchPlan, sampleBytes: number, workers: number): BatchPart[] {
  const fairShare = Math.ceil(plan.crops.length / workers);
  const most = Math.max(fairShare, Math.ceil(SMALLEST_PART_BYTES / sampleBytes));
  const parts: BatchPart[] = [];
  for (const [caseId, crops] of cropsByCase(plan)) {
    for (let at = 0; at < crops.length; at += most) {
      parts.push({ caseId, ofCase: crops.length, crops: crops.slice(at, at + most) });
    }
  }
  return parts;
}

function cropsByCase({ crops }: BatchPlan): Map<string, { place: number; crop: Crop }[]> {
  const byCase = new Map<string, { place: number; crop: Crop }[]>();
  for (const [place, crop] of crops.entries()) {
    const ofCase = byCase.get(crop.case);
    if (ofCase === undefined) byCase.set(crop.case, [{ place, crop }]);
    else ofCase.push({ place, crop });
  }
  return byCase;
}
