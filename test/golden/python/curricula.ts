import { MODES, planStages } from "../../../plan/curriculum/modes.js";
import { PAPER_DATASETS } from "../../../plan/curriculum/paper.js";
import { ROUNDINGS } from "../../../plan/curriculum/rounding.js";
import type { NetworkPlan } from "../../../plan/curriculum/stage.js";
import { chance } from "./chance.js";

/** Networks whose smallest patch and growth are not those of a U-Net. */
const OWN_GROWTH: readonly NetworkPlan[] = [
  { patchSize: [96, 80, 64], batchSize: 2, pooling: [0, 0, 0], minimum: [32, 16, 32], increment: [32, 32, 16] },
  { patchSize: [64, 64, 64], batchSize: 5, pooling: [3, 3, 3], minimum: [16, 16, 16] },
  { patchSize: [20, 20, 28], batchSize: 1, pooling: [2, 2, 2] },
];

/** The stages of every mode for the paper's data sets and for other networks. */
export function goldenCurricula() {
  const { integer, one } = chance(2);
  const plans = [...PAPER_DATASETS.filter((_, index) => index % 4 === 0).map(({ plan }) => plan), ...OWN_GROWTH];
  return plans.flatMap((plan) =>
    MODES.map((mode) => {
      const options = {
        epochs: integer(40, 1000),
        foregroundFraction: one([0.33, 0.5, { from: 1, to: 0.33 }]),
        budgetFraction: one([1, 0.5, integer(0, 100) / 100]),
        rounding: one(ROUNDINGS),
      };
      const stages = planStages(mode, { plan, ...options }).map((stage) => [
        stage.patchSize,
        stage.batchSize,
        stage.epochs,
        stage.foregroundFraction,
        stage.cropSize ?? null,
      ]);
      return { plan, mode, ...options, stages };
    }),
  );
}
