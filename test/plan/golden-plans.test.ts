import { readFileSync } from "node:fs";
import test from "ava";
import type { BatchPlan } from "../../plan/sampling/batch-plan.js";
import { planBatch } from "../../plan/sampling/plan-batch.js";
import type { Strategy } from "../../plan/spec.js";
import { sixCases, threeStages } from "./six-cases.js";

interface Golden {
  readonly strategy: Strategy;
  readonly seed: number;
  readonly plan: BatchPlan;
}

test("whole batch plans equal those of another implementation; they change only when RECIPE rises", (t) => {
  const file = new URL("../../../test/golden/batch-plans.json", import.meta.url);
  for (const { strategy, seed, plan } of JSON.parse(readFileSync(file, "utf8")) as Golden[]) {
    t.deepEqual(planBatch({ ...threeStages, strategy, seed }, sixCases, plan), plan, strategy);
  }
});
