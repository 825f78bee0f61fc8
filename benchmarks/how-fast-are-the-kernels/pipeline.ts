import { openEngine, openStore } from "../../loader/index.js";
import { caseTable, planCrops, resolveSpec } from "../../plan/index.js";
import { type Figures, figures } from "../figures.js";

/** Voxels a batch, and batches a figure is the mean of: enough samples that the mean of what is drawn settles. */
const BATCH_VOXELS = 2 * 128 ** 3;
const BATCHES = 8;
const ROUNDS = 5;

/** Processor nanoseconds a voxel of whole batches of cubes, cut by an engine with one worker, dispatch and checksum included. */
export async function measurePipeline(store: string, side: number, augmentation: "none" | "nnunet"): Promise<Figures> {
  await using opened = await openStore(store);
  const cases = caseTable(opened.dataset);
  const data = {
    dataset: opened.dataset.name,
    plan: { patchSize: [side, side, side], batchSize: BATCH_VOXELS / side ** 3, pooling: [2, 2, 2] },
    mode: "constant",
    augmentation,
    split: { train: ["case_0", "case_1", "case_2"], val: ["case_3"] },
  };
  const spec = resolveSpec(data, { ...opened.dataset, cases });
  await using engine = await openEngine(opened, { workers: 1 });
  let step = 0;
  const cut = async () => {
    const lease = await engine.cut(spec, planCrops(spec, cases, { timeline: "train", step: step++, stage: 0 }));
    lease.release();
  };
  for (let i = 0; i < BATCHES; i++) await cut();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = process.cpuUsage();
    for (let i = 0; i < BATCHES; i++) await cut();
    const { user, system } = process.cpuUsage(began);
    rounds.push((1000 * (user + system)) / (BATCHES * BATCH_VOXELS));
  }
  return figures(rounds);
}
