import { drawInteger, PURPOSE } from "../../plan/random.js";
import { planBatch } from "../../plan/sampling/plan-batch.js";
import type { Strategy } from "../../plan/spec.js";
import { sixCases, threeStages } from "./six-cases.js";

const strategies: readonly Strategy[] = ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"];

/** What `test/golden/frozen-plans.json` holds: draws and whole batches that change only when RECIPE rises. */
export function frozenPlans(): unknown {
  const place = { seed: 2 ** 40 + 7, timeline: "train", step: 4711, sample: 3, index: 2 } as const;
  return {
    draws: Object.values(PURPOSE).map((purpose) => drawInteger({ ...place, purpose }, 1_000_000)),
    train: strategies.map((strategy) =>
      planBatch({ ...threeStages, strategy }, sixCases, { timeline: "train", step: 4, stage: 2 }),
    ),
    val: planBatch(threeStages, sixCases, { timeline: "val", step: 5, stage: 2 }),
  };
}
