/** For a spec that the server need not hold against its SHA-256. */
export const UNCHECKED = new Uint8Array();

export function jsonBytes(spec: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(spec));
}

const DATASET = "Task04_Hippocampus";

function runOf(patchSize: readonly number[], batchSize: number, more: object = {}): object {
  const plan = { patchSize, batchSize, pooling: patchSize.map((size) => (size >= 64 && size < 2048 ? 3 : 0)) };
  return { dataset: DATASET, mode: "constant", epochs: 10, stepsPerEpoch: 10, plan, ...more };
}

export const SMALL_SPEC = runOf([8, 8, 8], 2, { augmentation: "none" });
export const TOO_MANY_SAMPLES = runOf([2, 2, 2], 65_536);
export const MANY_SAMPLES = runOf([2, 2, 2], 8_192);
/** 31 MB a batch. */
export const LARGE_BATCHES = runOf([64, 64, 64], 24, { augmentation: "none" });
export const LARGE_PATCHES = runOf([1, 2048, 2048], 16, { augmentation: "none" });
export const MANY_STAGES = {
  dataset: DATASET,
  stepsPerEpoch: 10,
  stages: Array.from({ length: 1024 }, () => ({ patchSize: [8, 8, 8], batchSize: 2, epochs: 1 })),
  plan: { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] },
};
export const MANY_FIELDS = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`field${index}`, 1]));
