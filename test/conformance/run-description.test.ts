import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { connect } from "../../client/connect.js";
import { ingest } from "../../loader/index.js";
import { serve } from "../../loader/server/serve.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { parseNnunetPlans } from "../../plan/index.js";
import type { Messages } from "../../proto/messages.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import { testRounds } from "../rounds.js";
import { dial, oneServer, sampleStore } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";
import { describe, getBatch, specBytes } from "./wire.js";

const server = oneServer(test);

type Timeline = Messages["RunTimeline"];
type Stage = Messages["RunStage"];

/** Stages with quarters of a step an epoch, so that whole numbers can say which steps each has. */
const runs = fc.record({
  stages: fc.array(
    fc.record({
      patchSize: fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 3 }).map((n) => 8 * n))),
      batchSize: fc.integer({ min: 1, max: 9 }),
      epochs: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  batchSize: fc.integer({ min: 1, max: 9 }),
  quarterSteps: fc.integer({ min: 4, max: 30 }),
  valSteps: fc.integer({ min: 0, max: 3 }),
  deepSupervision: fc.boolean(),
  layout: fc.constantFrom("channels-first", "channels-last"),
  image: fc.constantFrom("f32", "f16", "bf16"),
  label: fc.constantFrom("u8", "i16"),
  ranks: fc.nat(),
});
type Run = typeof runs extends fc.Arbitrary<infer Drawn> ? Drawn : never;

function specOf({ stages, batchSize, quarterSteps, valSteps, deepSupervision, layout, image, label }: Run) {
  return {
    ...SMALL_RUN,
    plan: { patchSize: [24, 24, 24], batchSize, pooling: [3, 3, 3] },
    stages,
    epochs: stages.reduce((sum, { epochs }) => sum + epochs, 0),
    stepsPerEpoch: quarterSteps / 4,
    valSteps,
    deepSupervision,
    wire: { layout, image, label },
  };
}

/** Every step of a training with the stage that its epoch belongs to, counted one by one. */
function stagesStepByStep({ stages, quarterSteps }: Run): number[] {
  const steps: number[] = [];
  let quarters = 0;
  for (const [stage, { epochs }] of stages.entries())
    for (let epoch = 0; epoch < epochs; epoch++)
      for (quarters += quarterSteps; (steps.length + 1) * 4 <= quarters; ) steps.push(stage);
  return steps;
}

/** The stage of every step, as a client reads it out of the description. */
function describedStages({ steps, stages }: Timeline): number[] {
  const described = Array<number>(steps).fill(Number.NaN);
  for (const { stage, firstStep, endStep } of stages) described.fill(stage, firstStep, endStep);
  return described;
}

/** Each rank's share, by rank. */
function sharesOf({ shares }: Stage): Messages["RankShare"][] {
  return shares.flatMap((share) => Array<typeof share>(share.endRank - share.firstRank).fill(share));
}

/** Holds what was said of a stage against a batch of each rank; `step` has that stage. */
async function checkShares(
  t: ExecutionContext,
  stage: Stage,
  batchOf: (rank: number) => ReturnType<typeof getBatch>,
  ranks: number,
): Promise<void> {
  const shares = sharesOf(stage);
  t.is(shares.length, ranks);
  t.true(stage.shares.length <= 2);
  let meanOfRanks = 0;
  let sum = 0;
  for (const [rank, share] of shares.entries()) {
    const { begin, bytes } = await batchOf(rank);
    t.is(begin.stage, stage.stage);
    t.is(begin.globalBatch, stage.batchSize);
    t.deepEqual(begin.tensors, share.tensors);
    t.is(bytes.length, share.byteLength);
    t.is(begin.samples?.caseIndex.length, share.samples);
    t.deepEqual(begin.tensors[1]?.shape, [share.samples, ...stage.patchSize]);
    // Any number of each sample stands for its gradient: here sample j of the whole batch has j squared.
    const own = Array.from({ length: share.samples }, (_, i) => (rank + i * ranks) ** 2);
    const total = own.reduce((a, b) => a + b, 0);
    meanOfRanks += (share.lossWeight * total) / share.samples / ranks;
    sum += total;
  }
  t.true(Math.abs(meanOfRanks - sum / stage.batchSize) < 1e-9 * (1 + sum));
}

test("DescribeRun says the steps, stages and shares that the batches of both timelines then have, whatever the spec", async (t) => {
  t.timeout(240_000);
  const channel = dial(t, await server());
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const spec = specOf(run);
      const smallest = Math.min(spec.plan.batchSize, ...run.stages.map(({ batchSize }) => batchSize));
      const ranks = 1 + (run.ranks % smallest);
      const { train, val, channels, plansJson } = await describe(channel, spec, ranks);
      if (train === null || val === null) throw new Error("a timeline is missing");
      const expected = stagesStepByStep(run);
      t.is(train.steps, expected.length);
      t.deepEqual(describedStages(train), expected);
      t.deepEqual(
        train.epochFirstSteps,
        Array.from({ length: spec.epochs }, (_, epoch) => Number((BigInt(epoch) * BigInt(run.quarterSteps)) / 4n)),
      );
      t.is(val.steps, spec.epochs * spec.valSteps);
      t.deepEqual(
        val.epochFirstSteps,
        Array.from({ length: spec.epochs }, (_, epoch) => epoch * spec.valSteps),
      );
      t.deepEqual(describedStages(val), Array(val.steps).fill(run.stages.length - 1));
      t.is(channels, 1);
      const planned = parseNnunetPlans(JSON.parse(Buffer.from(plansJson).toString()));
      t.deepEqual([planned.patchSize, planned.batchSize], [[24, 24, 24], spec.plan.batchSize]);
      const request = { spec: specBytes(spec), ranks };
      for (const stage of train.stages) {
        t.deepEqual(stage.patchSize, run.stages[stage.stage]?.patchSize);
        const step = stage.firstStep ?? 0;
        const ask = { ...request, step: Math.min(step, train.steps - 1), stage: stage.stage };
        await checkShares(t, stage, (rank) => getBatch(channel, { ...ask, rank }), ranks);
      }
      for (const stage of val.stages) {
        t.deepEqual(stage.patchSize, [24, 24, 24]);
        if (val.steps === 0) continue;
        const ask = { ...request, timeline: "TIMELINE_VAL", step: val.steps - 1 } as const;
        await checkShares(t, stage, (rank) => getBatch(channel, { ...ask, rank }), ranks);
      }
      const last = train.steps - 1;
      t.is((await getBatch(channel, { ...request, step: last })).begin.stage, expected[last] ?? -1);
      await t.throwsAsync(getBatch(channel, { ...request, step: last + 1 }));
    }),
    { numRuns: testRounds(5), includeErrorInReport: true },
  );
});

test("where each step's stage is drawn, no stage has a first step, and the client draws what the server does", async (t) => {
  const spec = { ...SMALL_RUN, stageOrder: "random" } as const;
  const channel = dial(t, await server());
  const { train, val } = await describe(channel, spec);
  t.true(train?.stages.every(({ firstStep, endStep }) => firstStep === undefined && endStep === undefined));
  t.deepEqual([val?.stages[0]?.firstStep, val?.stages[0]?.endStep], [0, 18]);
  await using client = connect((await server()).address);
  for (const step of [0, 1, 2, 3])
    t.is(
      (await client.getBatch(spec, { step })).stage,
      (await getBatch(channel, { spec: specBytes(spec), step })).begin.stage,
    );
});

test("more ranks than the smallest batch are refused when the run is described, and by openRun", async (t) => {
  const error = await t.throwsAsync<PatchstreamError>(describe(dial(t, await server()), SMALL_RUN, 4));
  t.like(error?.facts, { code: "REQUEST_INVALID", field: "ranks", got: 4 });
  await using client = connect((await server()).address);
  for (const [share, field] of [
    [{ rank: 0, ranks: 4 }, "ranks"],
    [{ rank: 2, ranks: 2 }, "rank"],
  ] as const) {
    const refused = await t.throwsAsync<PatchstreamError>(client.openRun(SMALL_RUN, share));
    t.like(refused?.facts, { code: "REQUEST_INVALID", field });
  }
});

test("plan.minimum sets the first patch of a U-Net too, given by its strides or by its poolings", async (t) => {
  const channel = dial(t, await server());
  const { dataset, split } = SMALL_RUN;
  const sizes = { patchSize: [40, 56, 40], batchSize: 2, minimum: [16, 8, 8] };
  const strides = [[1, 1, 1], ...Array.from({ length: 3 }, () => [2, 2, 2])];
  for (const network of [{ strides }, { pooling: [3, 3, 3] }]) {
    const spec = { dataset, split, mode: "efficiency", plan: { ...sizes, ...network } };
    t.deepEqual((await describe(channel, spec)).train?.stages[0]?.patchSize, [16, 8, 8]);
  }
});

const parse = (json: Uint8Array | undefined) => JSON.parse(Buffer.from(json ?? []).toString());

test("plans.json is the store's, with what the run's own plan changes in 3d_fullres", async (t) => {
  const channel = dial(t, await server());
  const stored = JSON.parse(readFileSync(join(await sampleStore(), "plans.json"), "utf8"));
  const { dataset, split } = SMALL_RUN;
  t.deepEqual(parse((await describe(channel, { dataset, split })).plansJson), stored);
  const plan = {
    patchSize: [16, 32, 16],
    batchSize: 5,
    strides: [
      [1, 1, 1],
      [1, 2, 2],
      [2, 2, 2],
    ],
  };
  const planned = parse((await describe(channel, { dataset, split, plan })).plansJson);
  const configuration = stored.configurations["3d_fullres"];
  const { arch_kwargs, ...architecture } = configuration.architecture;
  t.deepEqual(planned, {
    ...stored,
    configurations: {
      "3d_fullres": {
        ...configuration,
        patch_size: plan.patchSize,
        batch_size: 5,
        architecture: {
          ...architecture,
          arch_kwargs: {
            ...arch_kwargs,
            n_stages: 3,
            features_per_stage: [32, 64, 128],
            kernel_sizes: [
              [3, 3, 3],
              [3, 3, 3],
              [3, 3, 3],
            ],
            strides: plan.strides,
            n_conv_per_stage: [2, 2, 2],
            n_conv_per_stage_decoder: [2, 2],
          },
        },
      },
    },
  });
});

/** What a server says of a run on phantoms with the given dataset.json fields, and the plans.json made of the one planned. */
async function filesOf(
  t: ExecutionContext,
  json: Readonly<Record<string, unknown>>,
  change?: (plans: Record<string, unknown>) => unknown,
) {
  const folder = temporaryFolder(t);
  const [raw, store, plans] = [join(folder, "raw"), join(folder, "store"), join(folder, "plans.json")];
  const values = Float32Array.from({ length: 210 }, (_, i) => [0, 2, 7, 9][i % 4] as number);
  writeRawDataset(raw, { label: { shape: [5, 6, 7], values, datatype: "uint8" }, json });
  await ingest(raw, join(folder, "planned"), { workers: 1 });
  if (change !== undefined) {
    writeFileSync(
      plans,
      JSON.stringify(change(JSON.parse(readFileSync(join(folder, "planned", "plans.json"), "utf8")))),
    );
  }
  await ingest(raw, store, { workers: 1, ...(change && { plans }) });
  const opened = await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 });
  t.teardown(() => opened.drain());
  return describe(dial(t, opened), { dataset: "raw", split: { fold: "all" } });
}

test("dataset.json has the channels, and the label values that batches have: with the ignore label, and as regions", async (t) => {
  const common = { name: "raw", channel_names: { "0": "noNorm" }, numTraining: 2, file_ending: ".nii.gz" };
  const plain = await filesOf(t, { labels: { nothing: 0, first: 2, second: 7, ignore: 9 } });
  t.deepEqual(parse(plain.datasetJson), { ...common, labels: { background: 0, first: 1, second: 2, ignore: 3 } });
  const labels = { background: 0, whole: [2, 7, 9], core: [7, 9], tip: 9 };
  const regional = parse((await filesOf(t, { labels, regions_class_order: [2, 7, 9] })).datasetJson);
  t.deepEqual(regional, {
    ...common,
    labels: { background: 0, whole: [1, 2, 3], core: [2, 3], tip: [3] },
    regions_class_order: [1, 2, 3],
  });
  t.deepEqual(Object.keys(regional.labels), ["background", "whole", "core", "tip"]);
});

test("a plans.json of before nnU-Net 2.2 is served in today's form, with the same network", async (t) => {
  const labels = { background: 0, first: 2, second: 7, third: 9 };
  const { plansJson, spec } = await filesOf(t, { labels }, (plans) => {
    const { configurations, ...rest } = plans as { configurations: Record<string, Record<string, unknown>> };
    const { architecture, ...configuration } = configurations["3d_fullres"] as Record<string, unknown>;
    const { arch_kwargs } = architecture as { arch_kwargs: Record<string, unknown[]> };
    const older = {
      UNet_class_name: "PlainConvUNet",
      UNet_base_num_features: 32,
      unet_max_num_features: 320,
      n_conv_per_stage_encoder: arch_kwargs.n_conv_per_stage,
      n_conv_per_stage_decoder: arch_kwargs.n_conv_per_stage_decoder,
      num_pool_per_axis: [0, 0, 0],
      pool_op_kernel_sizes: arch_kwargs.strides,
      conv_kernel_sizes: arch_kwargs.kernel_sizes,
    };
    return { ...rest, configurations: { "3d_fullres": { ...configuration, ...older } } };
  });
  const configuration = parse(plansJson).configurations["3d_fullres"];
  t.false("UNet_class_name" in configuration || "pool_op_kernel_sizes" in configuration);
  t.deepEqual(parseNnunetPlans(parse(plansJson)), parse(spec).plan);
});
