import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataSpecInput } from "../../client/index.js";
import { ingest, openStore } from "../../loader/index.js";
import { caseTable, type NetworkPlan, type ResolvedSpec, resolveSpec } from "../../plan/index.js";
import { makeCtStore } from "../ct-volumes.js";
import { exportVolumes } from "./export-volumes.js";
import type { Augmentation, Job, Strategy } from "./job.js";

/** A PGPS-Performance curriculum over one data set. */
export interface MeasuredPlan {
  readonly title: string;
  readonly stages: ResolvedSpec["stages"];
  job(choice: { stage: number; augmentation: Augmentation; strategy: Strategy; workers: number }): Job;
}

const hippocampus = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
const FOREGROUND = 0.5;

async function measuredPlan(
  { title, store, volumes }: { title: string; store: string; volumes: string },
  plan: NetworkPlan,
): Promise<MeasuredPlan> {
  await using opened = await openStore(store);
  const { dataset } = opened;
  const data = (augmentation: Augmentation, strategy: Strategy): DataSpecInput => ({
    dataset: dataset.name,
    plan,
    mode: "performance",
    strategy,
    foregroundFraction: FOREGROUND,
    split: { fold: "all" },
    augmentation,
  });
  const { stages } = resolveSpec(data("none", "split-crop"), { ...dataset, cases: caseTable(dataset) });
  return {
    title,
    stages,
    job({ stage, augmentation, strategy, workers }) {
      const { patchSize, batchSize } = stages[stage] as ResolvedSpec["stages"][number];
      return {
        volumes,
        store,
        data: data(augmentation, strategy),
        stage,
        patch: patchSize,
        planPatch: plan.patchSize,
        batch: batchSize,
        foreground: FOREGROUND,
        augmentation,
        workers,
      };
    },
  };
}

/** Hippocampus with the paper's plan and with batch 2 (whose step times are known), and CT-sized volumes. */
export async function makeMeasuredPlans(
  folder: string,
): Promise<Record<"hippocampus" | "hippocampusBatch2" | "ct", MeasuredPlan>> {
  const small = {
    title: "Hippocampus",
    store: join(folder, "hippocampus"),
    volumes: join(folder, "hippocampus-volumes"),
  };
  await ingest(hippocampus, small.store, {});
  await exportVolumes(small.store, small.volumes);
  const { path, plan } = await makeCtStore(folder);
  const large = { title: "CT-sized volumes (160x320x320)", store: path, volumes: join(folder, "ct-volumes") };
  await exportVolumes(large.store, large.volumes);
  const smallPlan = (batchSize: number): NetworkPlan => ({ patchSize: [40, 56, 40], batchSize, pooling: [3, 3, 3] });
  return {
    hippocampus: await measuredPlan(small, smallPlan(9)),
    hippocampusBatch2: await measuredPlan(small, smallPlan(2)),
    ct: await measuredPlan(large, plan),
  };
}
