import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { ingest } from "../../loader/dataset/ingest.js";
import { planDataset } from "../../loader/dataset/planner/make-plans.js";
import {
  type PlanInput,
  type PlannedNetwork,
  planNetwork,
  plansLowResolution,
} from "../../loader/dataset/planner/plan-network.js";
import { PLANNER_NAMES, PLANNERS, type PlannerName } from "../../loader/dataset/planner/planners.js";
import { parseNnunetPlans } from "../../plan/run-spec/nnunet-plans.js";

const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));

interface Golden {
  /** Absent: nnU-Net's default. */
  readonly planner?: PlannerName;
  readonly input: PlanInput;
  readonly planned: PlannedNetwork;
  readonly lowResolution: boolean;
  readonly plansName?: string;
  readonly dataIdentifier?: string;
}

function read(name: string): Golden[] {
  return JSON.parse(readFileSync(new URL(`../../../test/golden/${name}`, import.meta.url), "utf8"));
}

/** Made by test/golden/planner.py with nnU-Net's own network_topology.py, and by planner_residual.py with its own planners. */
const golden = [...read("planner.json"), ...read("planner-residual.json")];

for (const { planner = "ExperimentPlanner", input, planned, lowResolution } of golden) {
  const { spacingMm, medianShape, caseCount, labelCount } = input;

  test(`${caseCount} cases of ${medianShape.join("x")} at ${spacingMm.join("x")} mm, ${labelCount} labels: planned as by nnU-Net's ${planner}`, (t) => {
    const rules = PLANNERS[planner];
    t.deepEqual(planNetwork(input, rules), planned);
    t.is(plansLowResolution(planned, input, rules), lowResolution);
  });
}

for (const name of PLANNER_NAMES.filter((one) => one !== "ExperimentPlanner"))
  test(`${name}'s plans.json is called as nnU-Net's, and can be followed`, (t) => {
    const { input, planned, plansName, dataIdentifier } = golden.find(({ planner }) => planner === name) as Golden;
    const { spacingMm, medianShape, caseCount, labelCount } = input;
    const plans = planDataset(
      {
        spacings: Array.from({ length: caseCount }, () => spacingMm),
        shapes_after_crop: Array.from({ length: caseCount }, () => medianShape),
        foreground_intensity_properties_per_channel: {},
        median_relative_size_after_cropping: 1,
      },
      { name: "Shapes", channelNames: ["MRI"], labelCount },
      name,
    );
    t.like(plans, {
      plans_name: plansName,
      experiment_planner_used: name,
      configurations: { "3d_fullres": { data_identifier: dataIdentifier } },
    });
    t.deepEqual(parseNnunetPlans(plans), { ...planned });
  });

test("ingest plans as it is told", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-planner-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { plan } = await ingest(SAMPLE, join(folder, "store"), { planner: "nnUNetPlannerResEncM" });
  t.deepEqual(plan.blocks, [1, 3, 4, 6].slice(0, plan.strides?.length));
});
