import tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import type { Zyx } from "../../../plan/zyx.js";
import type {
  LabelOptions,
  Model,
  ModelState,
  TrainingBatch,
  TrainingEngine,
} from "../../../trainer/engines/engine.js";
import { openOnnxEngine } from "../../../trainer/engines/onnx/engine.js";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import type { NetworkDescription } from "../../../trainer/networks/network.js";
import { outputSizes } from "../../../trainer/networks/outputs.js";
import { listParameters } from "../../../trainer/networks/parameters.js";
import { noiseBatch } from "./sample-batch.js";

/** With these settings a step's new momentum is the gradient itself. */
const BARE = { learningRate: 0, momentum: 0, weightDecay: 0, gradientClip: Number.POSITIVE_INFINITY };

const cube = (edge: number): Zyx => [edge, edge, edge];

const oracle = async (): Promise<TrainingEngine> => {
  await tf.setBackend("cpu");
  return tfjsEngine("tfjs-cpu", tf);
};

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));

const gradientsOf = (state: ModelState): Map<string, Float32Array> =>
  new Map([...state].filter(([name]) => name.startsWith("momentum/")).map(([name, { values }]) => [name, values]));

/** Moves every weight off its start, so that scales are not 1 and shifts not 0. */
async function shake(model: Model): Promise<ModelState> {
  const state = await model.save();
  for (const [name, { values }] of state) {
    if (!name.startsWith("weight/") || values.length > 512) continue;
    values.forEach((value, index) => {
      values[index] = value + 0.2 * Math.sin(index + name.length);
    });
  }
  return state;
}

/**
 * One step on both engines from the same weights: losses, logits and every gradient must agree, relative 1e-3. A bias that
 * an instance norm follows has no gradient but rounding: hundreds of float32 roundings of 6e-8 beside the whole gradient.
 */
async function agree(
  t: ExecutionContext,
  network: NetworkDescription,
  batch: TrainingBatch,
  batchDice: boolean,
  labels: LabelOptions = {},
): Promise<void> {
  const options = { seed: 7, batchDice, threads: 2, ...labels };
  await using tested = await (await openOnnxEngine("cpu")).createModel(network, options);
  await using trusted = await (await oracle()).createModel(network, options);
  const start = await shake(tested);
  await tested.load(start);
  await trusted.load(start);

  const got = await tested.step(batch, BARE);
  const want = await trusted.step(batch, BARE);
  for (const name of ["loss", "crossEntropy", "dice", "gradientNorm"] as const) {
    t.true(
      Math.abs(got[name] - want[name]) <= 1e-4 * Math.abs(want[name]) + 1e-6,
      `${name} ${got[name]} ${want[name]}`,
    );
  }
  const gradients = gradientsOf(await tested.save());
  t.is(gradients.size, listParameters(network).length);
  for (const [name, wanted] of gradientsOf(await trusted.save())) {
    const difference = norm(wanted.map((value, index) => value - (gradients.get(name)?.[index] ?? Number.NaN)));
    const allowed = name.endsWith(".conv.bias") ? 1e-5 * want.gradientNorm : 1e-3 * norm(wanted);
    t.true(difference <= allowed, `${name}: off by ${difference} of ${norm(wanted)}`);
  }
  const logits = await tested.predict(batch.image, batch.batchSize, batch.patchSize);
  const wantedLogits = await trusted.predict(batch.image, batch.batchSize, batch.patchSize);
  t.true(norm(logits.map((value, index) => value - (wantedLogits[index] ?? Number.NaN))) <= 1e-4 * norm(wantedLogits));
}

const small = (classes: number, channels: number): NetworkDescription =>
  describeNetwork({ patchSize: cube(16), batchSize: 2, pooling: [3, 3, 3] }, { channels, classes, baseFeatures: 4 });

test.serial("every gradient at 16x16x16 agrees with tfjs's plain implementation", async (t) => {
  await agree(t, small(3, 1), noiseBatch(2, cube(16), { channels: 1, classes: 3, ignore: false }), false);
});

test.serial("gradients agree with Dice over the batch, two channels and ignored voxels", async (t) => {
  await agree(t, small(4, 2), noiseBatch(3, [8, 16, 8], { channels: 2, classes: 4, ignore: true }), true);
});

test.serial("gradients agree for a single sample with ignored voxels", async (t) => {
  await agree(t, small(2, 1), noiseBatch(1, cube(16), { channels: 1, classes: 2, ignore: true }), false);
});

test.serial("gradients agree when the deepest level is one voxel", async (t) => {
  await agree(t, small(3, 1), noiseBatch(5, cube(8), { channels: 1, classes: 3, ignore: false }), false);
});

test.serial("gradients agree with anisotropic kernels and strides", async (t) => {
  const plan = {
    patchSize: cube(8),
    batchSize: 2,
    pooling: cube(2),
    kernelSizes: [
      [1, 3, 3],
      [3, 3, 1],
      [3, 5, 3],
    ],
    strides: [
      [1, 1, 1],
      [1, 2, 2],
      [3, 1, 2],
    ],
  } as const;
  const network = describeNetwork(plan, { channels: 1, classes: 3, baseFeatures: 4 });
  await agree(t, network, noiseBatch(2, [6, 8, 12], { channels: 1, classes: 3, ignore: false }), false);
});

test.serial("gradients agree when the taps of a convolution are too large for one product", async (t) => {
  const plan = { patchSize: cube(24), batchSize: 1, pooling: [1, 1, 1] } as const;
  const network = describeNetwork(plan, { channels: 128, classes: 2, baseFeatures: 2 });
  await agree(t, network, noiseBatch(1, cube(24), { channels: 128, classes: 2, ignore: false }), false);
});

test.serial("a batch whose voxels are all ignored has no gradient", async (t) => {
  const batch = noiseBatch(1, cube(8), { channels: 1, classes: 3, ignore: false });
  batch.label.fill(255);
  await agree(t, small(3, 1), batch, false);
});

const residual = (channels: number): NetworkDescription =>
  describeNetwork(
    { patchSize: cube(8), batchSize: 2, pooling: [2, 3, 2], blocks: [1, 2, 1, 2] },
    { channels, classes: 3, baseFeatures: 4 },
  );

test.serial("gradients of residual blocks agree at the smallest patch", async (t) => {
  await agree(t, residual(1), noiseBatch(3, [4, 8, 4], { channels: 1, classes: 3, ignore: false }), false);
});

for (const [name, network] of [
  ["plain", small(3, 2)],
  ["residual", residual(2)],
] as const) {
  test.serial(
    `gradients of the ${name} U-Net agree with deep supervision, ignored voxels among its labels`,
    async (t) => {
      const [, ...deepSizes] = outputSizes(network, cube(16));
      await agree(t, network, noiseBatch(2, cube(16), { channels: 2, classes: 3, ignore: true, deepSizes }), true);
    },
  );
}

const regions = [[1, 2, 3], [3], [2, 3]];
for (const [what, classes, ignore, options] of [
  ["regions", 3, false, { labels: { kind: "regions", regions } }],
  ["regions and an ignore label", 3, 4, { labels: { kind: "regions", regions }, ignoreLabel: 4 }],
  ["an ignore label", 4, 4, { ignoreLabel: 4 }],
] as const) {
  test.serial(`gradients agree for ${what}, with deep supervision, Dice over the batch or not`, async (t) => {
    const network = small(classes, 1);
    const [, ...deepSizes] = outputSizes(network, cube(8));
    const batch = noiseBatch(2, cube(8), { channels: 1, classes: 4, ignore, deepSizes });
    batch.label.fill(255, 100, 130);
    for (const batchDice of [true, false]) await agree(t, network, batch, batchDice, options);
  });
}

/** One axis is smaller than the positions' grid and one larger: they are interpolated. */
test.serial("gradients of UNETR agree, its positions interpolated", async (t) => {
  const plan = { patchSize: [32, 16, 16], batchSize: 1, pooling: [0, 0, 0] } as const;
  const network = describeNetwork(plan, { channels: 2, classes: 3, network: "unetr", baseFeatures: 1 });
  await agree(t, network, noiseBatch(1, [16, 16, 32], { channels: 2, classes: 3, ignore: false }), false);
});
