import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { growthOf } from "../../plan/curriculum/growth.js";
import { type CurriculumOptions, type Mode, planStages, splitEpochs } from "../../plan/curriculum/modes.js";
import { PAPER_DATASETS } from "../../plan/curriculum/paper.js";
import { relativeFlops } from "../../plan/curriculum/relative-flops.js";
import type { Rounding } from "../../plan/curriculum/rounding.js";
import type { NetworkPlan, Stage } from "../../plan/curriculum/stage.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";

interface Golden {
  name: string;
  plan: NetworkPlan;
  stagePatches: Zyx[];
  stageBatchesFloor: number[];
  epochsPerStage: number;
  epochsLastStage: number;
  flopsEff: number;
  flopsPerf: Record<"floor" | "evenFloor" | "floorMinus1" | "pow2Floor" | "multipleOfBase", number>;
  flopsPerfWithoutFirst: number;
  miccai2024: {
    stagePatches: Zyx[];
    batchesPgpsPlus: number[];
    flopsPgpsEqualWeights: number;
    flopsPgpsPlusEqualWeights: number;
  };
}

const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/plans15.json", import.meta.url), "utf8"),
) as Golden[];
const modes: readonly Mode[] = [
  "constant",
  "efficiency",
  "performance",
  "progressive-resolution",
  "pgps",
  "pgps-plus",
  "rpss",
];
const axes = [0, 1, 2] as const;

function options(plan: NetworkPlan, some: Partial<CurriculumOptions> = {}): CurriculumOptions {
  return { plan, epochs: 1000, foregroundFraction: 0.5, budgetFraction: 1, rounding: "floor", ...some };
}

const percent = (fraction: number) => Math.round(fraction * 1e5) / 1e3;
const patches = (stages: readonly Stage[]) => stages.map(({ patchSize }) => patchSize);

/** Any plan whose patch is a whole number of increments, of U-Nets and of networks with sizes of their own. */
const plan = (): fc.Arbitrary<NetworkPlan> => {
  const zyx = (min: number, max: number) => {
    const one = fc.integer({ min, max });
    return fc.tuple(one, one, one) as fc.Arbitrary<Zyx>;
  };
  const own = fc.record({ minimum: zyx(1, 20), increment: zyx(1, 20) });
  return fc
    .record({ pooling: zyx(0, 5), own: fc.option(own), steps: zyx(0, 6), batchSize: fc.integer({ min: 1, max: 12 }) })
    .map(({ pooling, own, steps, batchSize }) => {
      const geometry = { pooling, batchSize, patchSize: [1, 1, 1] as Zyx, ...(own ?? {}) };
      const { minimum, increment } = growthOf(geometry);
      const size = (axis: 0 | 1 | 2) => minimum[axis] + steps[axis] * increment[axis];
      return { ...geometry, patchSize: [size(0), size(1), size(2)] };
    });
};

test("the stages of all 15 data sets are the recomputed ones", (t) => {
  for (const { name, plan, ...want } of golden) {
    const stages = planStages("performance", options(plan));
    t.deepEqual(patches(stages), want.stagePatches, name);
    t.deepEqual(
      stages.map(({ batchSize }) => batchSize),
      want.stageBatchesFloor,
      name,
    );
    t.true(stages.slice(0, -1).every(({ epochs }) => epochs === want.epochsPerStage));
    t.is(stages.at(-1)?.epochs, want.epochsLastStage);
    t.deepEqual(patches(planStages("efficiency", options(plan))), want.stagePatches, name);
    t.is(
      want.stagePatches.length,
      axes.reduce<number>((sum, axis) => sum + plan.patchSize[axis] / 2 ** plan.pooling[axis], 0) - 2,
    );
  }
});

test("the 2024 modes have their stages and batches", (t) => {
  for (const { name, plan, miccai2024 } of golden) {
    for (const mode of ["pgps", "rpss", "pgps-plus"] as const) {
      t.deepEqual(patches(planStages(mode, options(plan))), miccai2024.stagePatches, name);
    }
    const plus = planStages("pgps-plus", options(plan));
    t.deepEqual(
      plus.map(({ batchSize }) => batchSize),
      miccai2024.batchesPgpsPlus,
      name,
    );
    const equal = (mode: Mode) => {
      const stages = planStages(mode, options(plan)).map((stage) => ({ ...stage, epochs: 1 }));
      return percent(relativeFlops(plan, stages));
    };
    t.is(equal("pgps"), miccai2024.flopsPgpsEqualWeights, name);
    t.is(equal("pgps-plus"), miccai2024.flopsPgpsPlusEqualWeights, name);
  }
});

test("relative FLOPs of all roundings are the recomputed ones", (t) => {
  for (const { name, plan, ...want } of golden) {
    const flops = (mode: Mode, rounding: Rounding) =>
      percent(relativeFlops(plan, planStages(mode, options(plan, { rounding }))));
    t.is(flops("efficiency", "floor"), want.flopsEff, name);
    t.is(flops("performance", "floor"), want.flopsPerf.floor, name);
    t.is(flops("performance", "even-floor"), want.flopsPerf.evenFloor, name);
    t.is(flops("performance", "floor-minus-1"), want.flopsPerf.floorMinus1, name);
    t.is(flops("performance", "power-of-two"), want.flopsPerf.pow2Floor, name);
    t.is(flops("performance", "multiple-of-base"), want.flopsPerf.multipleOfBase, name);
    const stages = planStages("performance", options(plan));
    t.is(percent(relativeFlops(plan, stages, stages.slice(1))), want.flopsPerfWithoutFirst, name);
  }
});

test("Table 1: Performance equals it in all 15 rows as the paper counted, Efficiency in 10 and within a point in 12", (t) => {
  let exact = 0;
  let near = 0;
  for (const { name, plan, flopsPercent } of PAPER_DATASETS) {
    const performance = planStages("performance", options(plan));
    t.is(Math.round(100 * relativeFlops(plan, performance, performance.slice(1))), flopsPercent.performance, name);
    const efficiency = 100 * relativeFlops(plan, planStages("efficiency", options(plan)));
    if (Math.round(efficiency) === flopsPercent.efficiency) exact++;
    if (Math.abs(efficiency - flopsPercent.efficiency) <= 1) near++;
  }
  t.deepEqual([exact, near], [10, 12]);
});

test("growing stages begin at the minimum, end at the plan, and each grows the smallest growable axis by one increment", (t) => {
  fc.assert(
    fc.property(plan(), (plan) => {
      const { minimum, increment } = growthOf(plan);
      const stages = planStages("efficiency", options(plan));
      t.deepEqual(stages[0]?.patchSize, minimum);
      t.deepEqual(stages.at(-1)?.patchSize, plan.patchSize);
      for (const [index, { patchSize }] of stages.slice(1).entries()) {
        const before = stages[index]?.patchSize as Zyx;
        const grown = axes.filter((axis) => patchSize[axis] !== before[axis]);
        t.is(grown.length, 1);
        const axis = grown[0] as 0 | 1 | 2;
        t.is(patchSize[axis] - before[axis], increment[axis]);
        for (const other of axes.filter((one) => before[one] < plan.patchSize[one] && one !== axis)) {
          t.true(other < axis ? before[other] > before[axis] : before[other] >= before[axis]);
        }
      }
    }),
  );
});

test("every stage of every mode fits the network, the last is the plan's patch, and the epochs add up", (t) => {
  fc.assert(
    fc.property(plan(), fc.constantFrom(...modes), fc.integer({ min: 20, max: 2000 }), (plan, mode, epochs) => {
      const { minimum, increment } = growthOf(plan);
      const stages = planStages(mode, options(plan, { epochs }));
      for (const { patchSize } of stages) {
        t.true(axes.every((axis) => (patchSize[axis] - minimum[axis]) % increment[axis] === 0));
      }
      t.deepEqual(stages.at(-1)?.patchSize, plan.patchSize);
      t.is(
        stages.reduce((sum, stage) => sum + stage.epochs, 0),
        epochs,
      );
      t.true(stages.every((stage) => stage.epochs >= 1));
    }),
  );
});

test("a batch of performance stays within the plan's voxels, whatever rounding and budget", (t) => {
  const roundings: readonly Rounding[] = ["floor", "even-floor", "floor-minus-1", "power-of-two", "multiple-of-base"];
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(plan(), fc.constantFrom(...roundings), fraction, (plan, rounding, budgetFraction) => {
      const budget = plan.batchSize * voxelCount(plan.patchSize);
      for (const { batchSize, patchSize } of planStages("performance", options(plan, { rounding, budgetFraction }))) {
        t.true(batchSize * voxelCount(patchSize) <= budget);
        t.true(Number.isInteger(batchSize) && batchSize >= plan.batchSize);
      }
    }),
  );
});

test("a budget fraction of 0 is efficiency, 1 fills the budget so that no further patch fits", (t) => {
  fc.assert(
    fc.property(plan(), (plan) => {
      const budget = plan.batchSize * voxelCount(plan.patchSize);
      t.deepEqual(
        planStages("performance", options(plan, { budgetFraction: 0 })),
        planStages("efficiency", options(plan)),
      );
      for (const { batchSize, patchSize } of planStages("performance", options(plan))) {
        t.true((batchSize + 1) * voxelCount(patchSize) > budget);
      }
    }),
  );
});

test("Progressive Resolution cuts the plan's patch at every stage", (t) => {
  const plan: NetworkPlan = { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] };
  const stages = planStages("progressive-resolution", options(plan));
  t.true(stages.every(({ cropSize, batchSize }) => cropSize === plan.patchSize && batchSize === 9));
  t.is(stages.length, 15);
});

test("a foreground share may fall from stage to stage", (t) => {
  const plan: NetworkPlan = { patchSize: [16, 24, 16], batchSize: 2, pooling: [3, 3, 3] };
  const shares = (foregroundFraction: CurriculumOptions["foregroundFraction"], mode: Mode = "efficiency") =>
    planStages(mode, options(plan, { foregroundFraction })).map((stage) => stage.foregroundFraction);
  t.deepEqual(shares({ from: 1, to: 0.5 }), [1, 0.875, 0.75, 0.625, 0.5]);
  t.deepEqual(shares({ from: 1, to: 0.3 }, "constant"), [0.3]);
});

test("the last stage has the epochs left over, and fewer epochs than stages are refused naming both", (t) => {
  t.deepEqual(splitEpochs(10, 3), [3, 3, 4]);
  const error = t.throws(() => splitEpochs(2, 3));
  t.is(error?.message, "data.epochs is 2; it must be at least 3, one epoch for each of the 3 stages");
});
