import test from "ava";
import fc from "fast-check";
import { NNUNET_AUGMENTATION } from "../../../plan/augment/augmentation.js";
import type { CaseTable } from "../../../plan/batch/case-table.js";
import { canonicalJson } from "../../../plan/canonical-json.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { resolveSpec, type SpecDataset } from "../../../plan/run-spec/resolve.js";
import { RECIPE } from "../../../plan/run-spec/resolved-spec.js";
import { parseRunDocument } from "../../../plan/run-spec/run-spec.js";
import { planBatch } from "../../../plan/sampling/plan-batch.js";

const cases: CaseTable = {
  classes: [1, 2],
  channels: 1,
  cases: Array.from({ length: 20 }, (_, index) => ({
    id: `hippocampus_${String(index).padStart(3, "0")}`,
    shape: [36, 50, 35],
    foregroundCounts: [1000, 900],
  })),
};
const dataset: SpecDataset = {
  name: "Task04_Hippocampus",
  digest: "4".repeat(64),
  plan: { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3], features: [32, 64, 128, 256] },
  maskedChannels: [],
  cases,
};
const ids = cases.cases.map(({ id }) => id);
const resolve = (fields: object) => resolveSpec({ dataset: "Task04_Hippocampus", ...fields }, dataset);

test("a spec of the name alone is nnU-Net: the data set's plan, fold 0 of 5, 1000 epochs of 250 steps", (t) => {
  const spec = resolve({});
  t.deepEqual(spec.plan, dataset.plan);
  t.deepEqual(spec.stages, [{ patchSize: [40, 56, 40], batchSize: 2, epochs: 1000, foregroundFraction: 0.33 }]);
  t.deepEqual([spec.strategy, spec.epochs, spec.stepsPerEpoch, spec.valSteps, spec.seed], ["nnunet", 1000, 250, 50, 1]);
  t.deepEqual(spec.wire, { image: "f32", label: "u8", layout: "channels-first" });
  t.deepEqual([spec.split.train.length, spec.split.val.length], [16, 4]);
  t.deepEqual(
    spec.augmentation,
    NNUNET_AUGMENTATION.filter(({ kind }) => kind !== "mask"),
  );
});

test("a split without held-out cases has no validation steps where none are asked for", (t) => {
  const spec = resolve({ split: { train: ids, val: [] } });
  t.is(spec.valSteps, 0);
  t.deepEqual(resolveSpec(spec, dataset), spec);
});

test("performance splits crops half and half over the paper's stages", (t) => {
  const spec = resolve({ mode: "performance", plan: { batchSize: 9 } });
  t.is(spec.strategy, "split-crop");
  t.is(spec.stages.length, 15);
  t.deepEqual(spec.stages[0], { patchSize: [8, 8, 8], batchSize: 1575, epochs: 66, foregroundFraction: 0.5 });
  t.deepEqual(spec.stages[14], { patchSize: [40, 56, 40], batchSize: 9, epochs: 76, foregroundFraction: 0.5 });
});

test("a data set planned for residual blocks keeps them for a U-Net of the run's own, as many as it has levels", (t) => {
  const residual = { ...dataset, plan: { ...dataset.plan, blocks: [1, 3, 4, 5] } };
  const planOf = (plan: object) => resolveSpec({ dataset: dataset.name, plan }, residual).plan;
  t.deepEqual(planOf({}).blocks, [1, 3, 4, 5]);
  t.deepEqual(planOf({ pooling: [2, 3, 1] }).blocks, [1, 3, 4, 5]);
  t.deepEqual(planOf({ pooling: [2, 2, 2] }).blocks, [1, 3, 4]);
  t.deepEqual(planOf({ pooling: [3, 4, 3], patchSize: [40, 64, 40] }).blocks, [1, 3, 4, 5, 6]);
  t.deepEqual(planOf({ pooling: [1, 1, 1], blocks: [2, 2] }).blocks, [2, 2]);
  t.is(planOf({ minimum: [8, 8, 8], increment: [8, 8, 8] }).blocks, undefined);
  const spec = resolveSpec({ dataset: dataset.name, plan: { pooling: [2, 2, 2] } }, residual);
  t.deepEqual(resolveSpec(spec, residual), spec);
  t.is(resolve({ plan: { pooling: [2, 2, 2] } }).plan.blocks, undefined);
});

test("deep supervision is off where it is not asked for", (t) => {
  t.false(resolve({}).deepSupervision);
  const spec = resolve({ deepSupervision: true });
  t.deepEqual(resolveSpec(spec, dataset), { ...resolve({}), deepSupervision: true });
});

test("a resolved spec resolves to itself, and can be planned at each stage", (t) => {
  const spec = fc.record(
    {
      mode: fc.constantFrom(
        "constant",
        "efficiency",
        "performance",
        "progressive-resolution",
        "pgps",
        "pgps-plus",
        "rpss",
      ),
      strategy: fc.constantFrom("nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"),
      foregroundFraction: fc.oneof(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.record({ from: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.double({ min: 0, max: 1, noNaN: true }) }),
      ),
      epochs: fc.integer({ min: 25, max: 3000 }),
      stepsPerEpoch: fc.double({ min: 0.5, max: 300, noNaN: true }),
      seed: fc.maxSafeNat(),
      augmentation: fc.constantFrom("none", "nnunet", "nnunet-nomirror", [
        { kind: "mirror", axes: [0, 2] },
        { kind: "blur" },
      ]),
      wire: fc.record(
        { image: fc.constantFrom("f32", "f16"), label: fc.constantFrom("u8", "i16") },
        { requiredKeys: [] },
      ),
      split: fc.constantFrom(
        { fold: 3 },
        { fold: "all" },
        { folds: 2, fold: 1, groups: [ids.slice(0, 3), ids.slice(5, 9)] },
      ),
      plan: fc.constantFrom({ batchSize: 9 }, { pooling: [2, 3, 2] }, { minimum: [4, 8, 8], increment: [12, 16, 8] }),
      valSteps: fc.nat(60),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(spec, (fields) => {
      const resolved = resolve(fields);
      const text = canonicalJson(resolved);
      t.is(canonicalJson(resolveSpec(JSON.parse(text), dataset)), text);
      for (const stage of resolved.stages.keys()) {
        const { crops, globalBatch } = planBatch(resolved, cases, { timeline: "train", step: 0, stage });
        t.is(crops.length, globalBatch);
      }
    }),
    { numRuns: 60 },
  );
});

test("a user's own stages stand as they are; what they leave out is the plan's batch and equal epochs", (t) => {
  const patchSize = [16, 16, 16];
  const spec = resolve({
    epochs: 7,
    stages: [{ patchSize }, { patchSize: [40, 56, 40], batchSize: 3, foregroundFraction: 1 }, { patchSize }],
  });
  t.deepEqual(spec.stages, [
    { patchSize: [16, 16, 16], batchSize: 2, epochs: 2, foregroundFraction: 0.33 },
    { patchSize: [40, 56, 40], batchSize: 3, epochs: 2, foregroundFraction: 1 },
    { patchSize: [16, 16, 16], batchSize: 2, epochs: 3, foregroundFraction: 0.33 },
  ]);
  t.is(
    resolve({
      stages: [
        { patchSize, epochs: 4 },
        { patchSize, epochs: 5 },
      ],
    }).epochs,
    9,
  );
});

test("nnU-Net's own field names are understood", (t) => {
  const strides = [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
  ];
  const { plan } = resolve({
    plan: {
      patch_size: [16, 64, 64],
      batch_size: 3,
      strides,
      kernel_sizes: [
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ],
      features_per_stage: [8, 16, 32],
    },
  });
  t.deepEqual(plan.pooling, [1, 2, 2]);
  t.deepEqual([plan.patchSize, plan.batchSize, plan.features], [[16, 64, 64], 3, [8, 16, 32]]);
  t.deepEqual(plan.kernelSizes?.[0], [1, 3, 3]);
});

test("explicit lists, fold all and groups", (t) => {
  const split = { train: ids.slice(0, 16).reverse(), val: ids.slice(16) };
  t.deepEqual(resolve({ split }).split, { train: ids.slice(0, 16), val: ids.slice(16) });
  t.deepEqual(resolve({ split: { fold: "all" } }).split, { train: ids, val: ids });
  const pairs = Object.fromEntries(ids.map((id, index) => [id, `subject ${Math.floor(index / 2)}`]));
  const { train, val } = resolve({ split: { groups: pairs } }).split;
  t.is(val.length, 4);
  const subjects = (list: readonly string[]) => new Set(list.map((id) => pairs[id]));
  t.true([...subjects(val)].every((subject) => !subjects(train).has(subject)));
});

const refusals: readonly [fields: object, message: string][] = [
  [
    { epochs: 100_000, valSteps: 100_000 },
    "data.valSteps is 100000; it must be such that the 100000 epochs have fewer than 4294967296 of them",
  ],
  [
    {
      stages: [
        { patchSize: [8, 8, 8], epochs: 60_000 },
        { patchSize: [8, 8, 8], epochs: 60_000 },
      ],
    },
    "data.epochs is 120000; it must be at most 100000, over all data.stages",
  ],
  [
    { plan: { patchSize: [16, 8, 8], minimum: [24, 8, 8], increment: [8, 8, 8] } },
    "data.plan.patchSize[0] is 16; it must be 24 plus a multiple of 8. Try 24.",
  ],
  [{ plan: { kernelSizes: [[3, 2, 3]] } }, "data.plan.kernelSizes[0] is [3,2,3]; it must be made of odd sizes"],
  [{ dataset: 5 }, "data.dataset is 5; it must be text of 1 to 256 characters"],
  [{ dataset: "Task05" }, 'data.dataset is "Task05"; it must be "Task04_Hippocampus", the data set of this store'],
  [{ epoch: 5 }, "data.epoch is not a known field. Did you mean data.epochs?"],
  [{ wire: { imgae: "f16" } }, "data.wire.imgae is not a known field. Did you mean data.wire.image?"],
  [
    { plan: { patchSize: [100, 56, 40], pooling: [4, 3, 3] } },
    "data.plan.patchSize[0] is 100; it must be a multiple of 16 (pooled 4 times on Z). Try 96 or 112.",
  ],
  [
    { plan: { patchSize: [4, 56, 40] } },
    "data.plan.patchSize[0] is 4; it must be a multiple of 8 (pooled 3 times on Z). Try 8.",
  ],
  [
    { plan: { patchSize: [40, 56] } },
    "data.plan.patchSize is [40,56]; it must be three integers, in axis order Z, Y, X",
  ],
  [{ plan: { patchSize: [40, 56.5, 40] } }, "data.plan.patchSize[1] is 56.5; it must be an integer from 1 to 2048"],
  [
    { plan: { minimum: [8, 8, 8] } },
    "data.plan.increment is missing; it must be given with data.plan.minimum, or data.plan.pooling beside it",
  ],
  [{ plan: { features: [8, 16] } }, "data.plan.features is [8,16]; it must be a list of 4 entries, one for each level"],
  [
    { plan: { strides: [[2, 2, 2]] } },
    "data.plan.strides[0][0] is 2; it must be 1: the first level keeps the full resolution",
  ],
  [
    { plan: { batchSize: 3, batch_size: 4 } },
    "data.plan.batch_size is 4; it must be left out, since data.plan.batchSize is given under another name",
  ],
  [
    { mode: "fast" },
    'data.mode is "fast"; it must be one of "constant", "efficiency", "performance", "progressive-resolution", "pgps", "pgps-plus", "rpss"',
  ],
  [
    { mode: "efficiency", epochs: 14 },
    "data.epochs is 14; it must be at least 15, one epoch for each of the 15 stages",
  ],
  [{ rounding: "floor" }, 'data.rounding is "floor"; it must be left out, since it belongs to mode "performance"'],
  [
    { augmentation: "heavy" },
    'data.augmentation is "heavy"; it must be "none", "nnunet", "nnunet-nomirror" or a list of transforms',
  ],
  [
    { augmentation: [{ kind: "mirror", axes: [0, 0] }] },
    "data.augmentation[0].axes is [0,0]; it must be a list without repeats",
  ],
  [
    {
      deepSupervision: true,
      plan: { patchSize: [4, 8, 8], pooling: [4, 4, 4], minimum: [4, 4, 4], increment: [4, 4, 4] },
    },
    "data.plan.patchSize is [4,8,8]; it must be large enough for a label at each level of the network, since data.deepSupervision is true",
  ],
  [{ deepSupervision: 1 }, "data.deepSupervision is 1; it must be true or false"],
  [{ stepsPerEpoch: 0 }, "data.stepsPerEpoch is 0; it must be a number above 0, at most 100000"],
  [
    { stepsPerEpoch: 0.0001 },
    "data.stepsPerEpoch is 0.0001; it must be such that the 1000 epochs have 1 to 4294967295 steps (they have 0)",
  ],
  [{ seed: -1 }, "data.seed is -1; it must be an integer from 0 to 9007199254740991"],
  [{ split: { fold: 5 } }, 'data.split.fold is 5; it must be 0 to 4, or "all", since there are 5 folds'],
  [
    { split: { folds: 21 } },
    'data.split.folds is 21; it must be at most 20, the number of cases (of groups, where they are given). Fold "all" trains on every case.',
  ],
  [
    { split: { train: ids, val: [ids[3]] } },
    'data.split.train[3] is "hippocampus_003"; it must be in one list only; it is in data.split.val too',
  ],
  [
    { split: { train: ids.slice(1), val: [] } },
    'data.split is an object with 2 fields; it must be lists that name every case; "hippocampus_000" is in neither train nor val',
  ],
  [
    { split: { train: ["x"], val: [] } },
    'data.split.train[0] is "x"; it must be a case of the data set. Its cases: hippocampus_000, hippocampus_001, hippocampus_002, hippocampus_003, hippocampus_004 and 15 more.',
  ],
  [
    { split: { train: ids, val: [] }, valSteps: 50 },
    "data.valSteps is 50; it must be 0, since data.split.val names no case",
  ],
  [
    { split: { train: ids, val: [], fold: 1 } },
    "data.split.fold is 1; it must be left out, since train and val are listed",
  ],
  [
    { datasetDigest: "x" },
    `data.datasetDigest is "x"; it must be ${"4".repeat(64)}, the store's own, or left out. The spec was resolved for other data of the same name.`,
  ],
  [{ stages: [{ batchSize: 2 }] }, "data.stages[0].patchSize is missing; it must be three integers (Z,Y,X)"],
  [
    { stages: [{ patchSize: [8, 8, 8] }, { patchSize: [8, 9, 8] }] },
    "data.stages[1].patchSize[1] is 9; it must be a multiple of 8 (pooled 3 times on Y). Try 8 or 16.",
  ],
  [
    { stages: [{ patchSize: [8, 8, 8], epochs: 2 }, { patchSize: [8, 8, 8] }] },
    "data.stages[1].epochs is missing; it must be given for every stage, or for none",
  ],
  [
    { stages: [{ patchSize: [8, 8, 8], epochs: 2 }], epochs: 3 },
    "data.epochs is 3; it must be 2, the sum of the stages' epochs, or left out",
  ],
  [{ stages: [], mode: "constant" }, "data.stages is []; it must be a list of 1 to 1024 entries"],
  [
    { stages: [{ patchSize: [8, 8, 8] }], mode: "constant" },
    'data.mode is "constant"; it must be left out, since data.stages is given',
  ],
  [
    { plan: { patchSize: [2048, 2048, 2048] } },
    "data.plan.batchSize is 2; it must be such that a batch has at most 2147483648 voxels (it has 17179869184)",
  ],
];

for (const [fields, message] of refusals) {
  test(`refused: ${message.slice(0, 150)}`, (t) => {
    const error = t.throws(() => resolve(fields), { instanceOf: PatchstreamError });
    t.is(error?.code, "SPEC_INVALID");
    t.is(error?.message, message);
  });
}

test("another recipe is refused with both numbers", (t) => {
  const error = t.throws(() => resolve({ recipe: RECIPE + 1 }));
  t.is(error?.message, `the run was made with recipe ${RECIPE + 1}; this server speaks recipe ${RECIPE}`);
});

test("split-crop needs two cases to train on", (t) => {
  const two = { ...dataset, cases: { ...cases, cases: cases.cases.slice(0, 2) } };
  const split = { train: [ids[0]], val: [ids[1]] };
  const error = t.throws(() => resolveSpec({ dataset: dataset.name, mode: "performance", split }, two));
  t.regex(error?.message ?? "", /^data\.strategy is "split-crop"; it must be one that needs a single case/);
});

test("labels beyond 254 travel as i16", (t) => {
  const many = { ...dataset, cases: { ...cases, classes: [1, 255] } };
  t.is(resolveSpec({ dataset: dataset.name }, many).wire.label, "i16");
  t.throws(() => resolveSpec({ dataset: dataset.name, wire: { label: "u8" } }, many), { message: /data\.wire\.label/ });
});

test("whatever a peer sends as a spec, the answer is a spec or a PatchstreamError with a short message", (t) => {
  const nearly = fc.dictionary(
    fc.constantFrom(
      "dataset",
      "split",
      "plan",
      "mode",
      "stages",
      "epochs",
      "wire",
      "augmentation",
      "seed",
      "__proto__",
      "x",
    ),
    fc.anything(),
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), nearly), (value) => {
      try {
        resolveSpec(value, dataset);
      } catch (error) {
        t.true(error instanceof PatchstreamError, String(error));
        t.true((error as Error).message.length < 2000);
      }
    }),
    { numRuns: 500 },
  );
  let deep: unknown = 0;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  t.is(
    t.throws(() => resolve({ epochs: deep }))?.message,
    "data.epochs is a list of 1 entries; it must be an integer from 1 to 100000",
  );
  t.is(
    t.throws(() => resolve({ epochs: [{ toString: 1, valueOf: 1 }] }))?.message, // nothing that String() takes
    "data.epochs is a list of 1 entries; it must be an integer from 1 to 100000",
  );
});

test("a run spec is data and training; data stays as written, for the server to resolve", (t) => {
  const training = { learningRate: "read by the trainer alone" };
  const run = parseRunDocument({ data: { dataset: "A", epochs: 3 }, training });
  t.deepEqual(run, { data: { dataset: "A", epochs: 3 }, training });
  const refused = (value: unknown) => t.throws(() => parseRunDocument(value))?.message;
  t.is(
    refused({ training: {} }),
    'data is missing; it must be an object. The least is { "data": { "dataset": NAME } }, with the name that inspect prints first.',
  );
  t.is(refused({ data: {} }), "data.dataset is missing; it must be the name of a data set that the server holds");
  t.is(
    refused({ dataset: "A" }),
    'dataset is "A"; it must be left out: a run spec has "data" and "training" only. The least is { "data": { "dataset": NAME } }, with the name that inspect prints first.',
  );
});
