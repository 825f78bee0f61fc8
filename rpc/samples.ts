import { crc32 } from "../checksum/crc.js";
import type { BatchPlan } from "../plan/batch/batch-plan.js";
import { drawnFor, type Sample, sampleClass } from "../plan/batch/sample.js";
import { PatchstreamError } from "../plan/errors.js";
import type { Zyx } from "../plan/zyx.js";
import type { Messages } from "../proto/messages.js";

type Columns = Omit<Messages["Samples"], "checksum">;

/** The samples of a planned batch as a message. `lowers` as in `batchSamples`. */
export function samplesMessage({ crops, cropSize }: BatchPlan, lowers: Int32Array): Messages["Samples"] {
  const indices = new Map<string, number>();
  const caseIndex = crops.map(({ case: caseId }) => {
    const index = indices.get(caseId) ?? indices.size;
    indices.set(caseId, index);
    return index;
  });
  const columns = {
    cases: [...indices.keys()],
    caseIndex,
    class: crops.map(sampleClass),
    start: [...lowers],
    size: [...cropSize],
  };
  return { ...columns, checksum: checksumOf(columns) };
}

/** Throws MESSAGE_DAMAGED where a step does not say what its `count` samples are, or the list changed on its way. */
export function checkSamples(message: Messages["Samples"] | null, count: number, step: number): void {
  if (message === null || !isWhole(message, count) || checksumOf(message) !== message.checksum)
    throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: `the list of samples of step ${step}` });
}

function isWhole({ cases, caseIndex, class: classes, start, size }: Columns, count: number): boolean {
  const isLong = caseIndex.length === count && classes.length === count && start.length === 3 * count;
  return isLong && size.length === 3 && caseIndex.every((index) => index < cases.length);
}

/** The samples that `checkSamples` has let pass. */
export function readSamples({ cases, caseIndex, class: classes, start, size }: Messages["Samples"]): Sample[] {
  const boxSize = size as unknown as Zyx;
  return caseIndex.map((index, sample) => ({
    case: cases[index] as string,
    ...drawnFor(classes[sample] as number),
    start: start.slice(3 * sample, 3 * sample + 3) as unknown as Zyx,
    size: boxSize,
  }));
}

function checksumOf({ cases, caseIndex, class: classes, start, size }: Columns): number {
  const numbers = [...caseIndex, ...classes, ...start, ...size];
  const bytes = Buffer.allocUnsafe(4 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeInt32LE(number | 0, 4 * index);
  return crc32(bytes, crc32(cases.map((caseId) => `${caseId}\n`).join("")));
}
