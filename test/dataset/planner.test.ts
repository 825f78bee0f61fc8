import { readFileSync } from "node:fs";
import test from "ava";
import {
  type PlanInput,
  type PlannedNetwork,
  planNetwork,
  plansLowResolution,
} from "../../loader/dataset/planner/plan-network.js";

interface Golden {
  readonly input: PlanInput;
  readonly planned: PlannedNetwork;
  readonly lowResolution: boolean;
}

/** Made by test/golden/planner.py with nnU-Net's own network_topology.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/planner.json", import.meta.url), "utf8"),
) as Golden[];

for (const { input, planned, lowResolution } of golden) {
  const { spacingMm, medianShape, caseCount, labelCount } = input;

  test(`${caseCount} cases of ${medianShape.join("x")} at ${spacingMm.join("x")} mm, ${labelCount} labels: planned as by nnU-Net`, (t) => {
    t.deepEqual(planNetwork(input), planned);
    t.is(plansLowResolution(planned, input), lowResolution);
  });
}
