import type { CaseTable } from "../../../plan/batch/case-table.js";
import type { NetworkPlan } from "../../../plan/curriculum/stage.js";
import type { SpecDataset } from "../../../plan/run-spec/resolve.js";

const SHAPES = [
  [35, 51, 35],
  [40, 56, 40],
  [20, 60, 48],
  [64, 41, 33],
  [36, 50, 36],
  [9, 14, 70],
  [50, 50, 50],
] as const;

/** Cases with `lists` lists of locations; some lack a class, the last has no location at all. */
function casesOf(lists: number): CaseTable["cases"] {
  return SHAPES.map((shape, index) => ({
    id: `case_${index}`,
    shape,
    foregroundCounts: Array.from({ length: lists }, (_, list) =>
      index === SHAPES.length - 1 || (index + list) % 3 === 2 ? 0 : 1 + 37 * index + 911 * list,
    ),
  }));
}

const CUBE: NetworkPlan = { patchSize: [16, 24, 16], batchSize: 3, pooling: [2, 3, 2] };
const FLAT: NetworkPlan = {
  patchSize: [8, 32, 32],
  batchSize: 4,
  pooling: [1, 3, 3],
  strides: [
    [1, 1, 1],
    [1, 2, 2],
    [1, 2, 2],
    [2, 2, 2],
  ],
};

function dataset(
  name: string,
  plan: NetworkPlan,
  masked: readonly number[],
  cases: Omit<CaseTable, "cases">,
): SpecDataset {
  const lists = cases.classes.length + (cases.ignoreLabel === undefined ? 0 : 1);
  const digest = "6".repeat(64);
  return { name, digest, plan, maskedChannels: masked, cases: { ...cases, cases: casesOf(lists) } };
}

/** Small data sets of each kind: plain classes, an ignore label, classes that are regions, and many labels. */
export const DATASETS: readonly SpecDataset[] = [
  dataset("Plain", CUBE, [], { classes: [1, 2], largestLabel: 2, channels: 1 }),
  dataset("Ignore", FLAT, [0], { classes: [1, 2, 3], ignoreLabel: 4, largestLabel: 4, channels: 2 }),
  dataset("Regions", CUBE, [], { classes: [1, 2, 3], largestLabel: 5, channels: 3 }),
  dataset("Many", FLAT, [1], { classes: [1, 7, 299], largestLabel: 299, channels: 2 }),
];
