import { readFileSync } from "node:fs";
import test from "ava";
import { NNUNET_AUGMENTATION } from "../../plan/augment/augmentation.js";
import type { BatchPlan } from "../../plan/batch/batch-plan.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { planBatch } from "../../plan/sampling/plan-batch.js";
import { sixCases, threeStages } from "./six-cases.js";

/** nnU-Net's augmentation of a data set whose channel 0 was normalised within a mask. */
const NNUNET_ON_MASKED = NNUNET_AUGMENTATION.map((entry) =>
  entry.kind === "mask" ? { ...entry, channels: [0] } : entry,
);

/** What is changed of `threeStages` and `sixCases`, and the plan of one batch of it. */
interface Golden {
  readonly spec: Partial<ResolvedSpec>;
  readonly channels: number;
  readonly plan: BatchPlan;
}

test("whole batch plans equal those of another implementation; they change only when RECIPE rises", (t) => {
  const file = new URL("../../../test/golden/batch-plans.json", import.meta.url);
  for (const { spec, channels, plan } of JSON.parse(readFileSync(file, "utf8")) as Golden[]) {
    t.deepEqual(planBatch({ ...threeStages, ...spec }, { ...sixCases, channels }, plan), plan, spec.strategy);
    if (spec.augmentation) t.deepEqual(spec.augmentation, NNUNET_ON_MASKED);
  }
});
