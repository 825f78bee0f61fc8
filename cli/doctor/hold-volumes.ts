import type { DataClient, DataSpecInput, DatasetInfo } from "../../client/index.js";
import { caseTable, planBatch, type ResolvedSpec, voxelCount, type Zyx } from "../../plan/index.js";

/** No side of a store's chunks is shorter, except where the volume itself is. */
const SHORTEST_CHUNK_SIDE = 8;

/** Some strategies need two. */
const FEWEST_CASES = 2;

/** A run like `spec` that trains only on the cases of one of its batches at a stage, so that there are few volumes to hold. */
export function runOfFewCases(spec: ResolvedSpec, dataset: DatasetInfo, stage: number): ResolvedSpec {
  const { crops } = planBatch(spec, caseTable(dataset), { timeline: "train", step: 0, stage });
  const train = new Set(crops.map((crop) => crop.case));
  for (const id of spec.split.train) if (train.size < FEWEST_CASES) train.add(id);
  return { ...spec, split: splitOf([...train], dataset) };
}

/**
 * Makes a data server hold the volumes that a run trains on, as far as its budget allows. For each volume it asks for a batch
 * of so many small patches that reading the whole volume once is less work than reading each patch.
 */
export async function holdVolumes(client: DataClient, spec: ResolvedSpec, dataset: DatasetInfo): Promise<void> {
  for (const { id, shape } of dataset.cases) {
    if (!spec.split.train.includes(id)) continue;
    const [, ...size] = shape;
    const patchSize = spec.plan.pooling.map((times) => 2 ** times) as unknown as Zyx;
    const read = size.map((extent, axis) => Math.min(extent, (patchSize[axis] as number) + SHORTEST_CHUNK_SIDE - 1));
    const batchSize = Math.floor(voxelCount(size) / voxelCount(read as unknown as Zyx)) + 1;
    const asked: DataSpecInput = {
      dataset: spec.dataset,
      split: splitOf([id], dataset),
      plan: spec.plan,
      stages: [{ patchSize, batchSize, epochs: 1 }],
      strategy: "nnunet",
      augmentation: "none",
      wire: { image: "f16" },
    };
    await client.getBatch(asked, { step: 0 });
  }
}

/** A split must name every case. */
function splitOf(train: readonly string[], { cases }: DatasetInfo): ResolvedSpec["split"] {
  const others = cases.map(({ id }) => id).filter((id) => !train.includes(id));
  return { train, val: others.length > 0 ? others : train };
}
