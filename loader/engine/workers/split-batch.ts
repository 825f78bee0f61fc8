import type { BatchPlan, Crop } from "../../../plan/batch/batch-plan.js";

/** Samples of one case that one task cuts, each with its place in the batch. */
export interface BatchPart {
  readonly caseId: string;
  /** Samples of the case in the whole batch. */
  readonly ofCase: number;
  readonly crops: readonly { readonly place: number; readonly crop: Crop }[];
}

/** A task of fewer bytes takes longer to send than to do. */
const SMALLEST_TASK_BYTES = 262_144;

/** A task of more samples, with transforms that the plan has drawn, takes so long to write down that others feel it: some 20 ms of the thread that answers all of them. */
const LARGEST_TASK_SAMPLES = 4096;

/** Samples of a task: a worker's fair share of the batch, or as many as are worth sending, and never so many that others wait for it. */
export function samplesOfTask(samples: number, sampleBytes: number, workers: number): number {
  const worthSending = Math.max(Math.ceil(samples / workers), Math.ceil(SMALLEST_TASK_BYTES / sampleBytes));
  return Math.min(worthSending, LARGEST_TASK_SAMPLES);
}

/** Splits a batch into parts of one case each, none of more than `most` samples. */
export function splitBatch(plan: BatchPlan, most: number): BatchPart[] {
  const parts: BatchPart[] = [];
  for (const [caseId, crops] of cropsByCase(plan)) {
    for (let at = 0; at < crops.length; at += most) {
      parts.push({ caseId, ofCase: crops.length, crops: crops.slice(at, at + most) });
    }
  }
  return parts;
}

/**
 * Groups parts, in order, into tasks of at most `most` samples. Parts with the same key (`keyOf`) may share a task; a part without
 * a key has its own. A message to a worker costs as much as cutting some small patches.
 */
export function groupParts(
  parts: readonly BatchPart[],
  most: number,
  keyOf: (part: BatchPart) => number | undefined,
): BatchPart[][] {
  const groups: BatchPart[][] = [];
  const open = new Map<number, { readonly group: BatchPart[]; samples: number }>();
  for (const part of parts) {
    const key = keyOf(part);
    const last = key === undefined ? undefined : open.get(key);
    if (last !== undefined && last.samples + part.crops.length <= most) {
      last.group.push(part);
      last.samples += part.crops.length;
      continue;
    }
    const group = [part];
    groups.push(group);
    if (key !== undefined) open.set(key, { group, samples: part.crops.length });
  }
  return groups;
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
