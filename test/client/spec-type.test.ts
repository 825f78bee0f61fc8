import test from "ava";
import { type DataSpecInput, PatchstreamError, parseDataSpec } from "../../client/index.js";

const dataset = "Task04_Hippocampus";

/** One valid value of every field of the type: this file does not compile when one is missing, or is not in the type. */
const EVERY_FIELD: Required<DataSpecInput> = {
  dataset,
  recipe: 1,
  datasetDigest: "0".repeat(64),
  split: { folds: 5, fold: "all", seed: 1, groups: [["a"], ["b"]] },
  plan: { patch_size: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] },
  mode: "performance",
  stages: [{ patchSize: [8, 8, 8] }],
  stageOrder: "random",
  budgetFraction: 0.5,
  rounding: "floor",
  strategy: "split-crop",
  foregroundFraction: { from: 1, to: 0.33 },
  epochs: 30,
  stepsPerEpoch: 2.5,
  valSteps: 0,
  seed: 1,
  augmentation: [{ kind: "noise", probability: 0.5 }, { kind: "mirror", axes: [0, 1] }, { kind: "mask" }],
  wire: { image: "bf16", label: "i16", layout: "channels-last" },
  deepSupervision: true,
};

/** What some fields need beside them. */
const BESIDE: Readonly<Record<string, object>> = {
  stageOrder: { stages: EVERY_FIELD.stages },
  budgetFraction: { mode: "performance" },
  rounding: { mode: "performance" },
};

test("the parser takes every field of the type", (t) => {
  for (const [field, value] of Object.entries(EVERY_FIELD))
    t.notThrows(() => parseDataSpec({ dataset, ...BESIDE[field], [field]: value }), field);
});

test("the type has every field of the parser", (t) => {
  const error = t.throws(() => parseDataSpec({ dataset, "": 1 }), { instanceOf: PatchstreamError });
  const known = /Known: (.*)\./.exec(error.hint ?? "")?.[1]?.split(", ");
  t.deepEqual(known?.toSorted(), Object.keys(EVERY_FIELD).toSorted());
});
