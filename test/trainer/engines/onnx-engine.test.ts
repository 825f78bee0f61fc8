import tf from "@tensorflow/tfjs";
import test from "ava";
import { PatchstreamError } from "../../../plan/errors.js";
import type { Zyx } from "../../../plan/zyx.js";
import { lossWeights } from "../../../trainer/engines/deep-supervision.js";
import type { StepResult, TrainingBatch, TrainingEngine } from "../../../trainer/engines/engine.js";
import { openOnnxEngine } from "../../../trainer/engines/onnx/engine.js";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import type { NetworkDescription } from "../../../trainer/networks/network.js";
import { outputSizes } from "../../../trainer/networks/outputs.js";
import type { PlainUnet } from "../../../trainer/networks/plain-unet/network.js";
import { ballBatch, noiseBatch } from "./sample-batch.js";
import { stateHashes } from "./state-hashes.js";

const plan = { patchSize: [16, 16, 16], batchSize: 2, pooling: [2, 2, 2] } as const;
const size = { channels: 1, classes: 3 };
const network = describeNetwork(plan, { ...size, baseFeatures: 8 });
const options = { seed: 3, batchDice: false, threads: 2 };
const settings = { learningRate: 0.05, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };

test("the loss of a task with balls falls within 40 steps, and Dice rises above 0.8", async (t) => {
  await using model = await (await openOnnxEngine("cpu")).createModel(network, options);
  let last: StepResult | undefined;
  const losses: number[] = [];
  for (let step = 0; step < 40; step++) {
    last = await model.step(ballBatch(4, [16, 16, 16], step), settings);
    losses.push(last.loss);
  }
  t.true((losses[0] ?? 0) > 0.5, `${losses[0]}`);
  t.true((last?.loss ?? 0) < -0.5, `${last?.loss}`);
  t.true((last?.dice ?? 0) > 0.8, `${last?.dice}`);
});

test("two trainings with one seed and the same batches are equal bit by bit, stage changes and predictions between", async (t) => {
  const engine = await openOnnxEngine("cpu");
  const batches: TrainingBatch[] = [
    ballBatch(24, [4, 4, 4], 1),
    ballBatch(24, [4, 4, 4], 2),
    ballBatch(5, [8, 8, 4], 3),
    ballBatch(2, [16, 16, 16], 4),
    ballBatch(3, [16, 8, 16], 5),
  ];
  const runOnce = async (predict: boolean): Promise<[StepResult[], Map<string, string>]> => {
    await using model = await engine.createModel(network, options);
    const results: StepResult[] = [];
    for (const batch of batches) {
      results.push(await model.step(batch, settings));
      if (predict) await model.predict(batch.image, batch.batchSize, batch.patchSize);
    }
    return [results, stateHashes(await model.save())];
  };
  const first = await runOnce(false);
  t.deepEqual(await runOnce(true), first);
});

test("a model that is saved and loaded into another goes on as if it had not been", async (t) => {
  const engine = await openOnnxEngine("cpu");
  await using original = await engine.createModel(network, options);
  await original.step(ballBatch(2, [8, 8, 8], 1), settings);
  await using copy = await engine.createModel(network, { ...options, seed: 99 });
  await copy.load(await original.save());
  const next = ballBatch(2, [8, 8, 8], 2);
  t.deepEqual(await copy.step(next, settings), await original.step(next, settings));
  t.deepEqual(stateHashes(await copy.save()), stateHashes(await original.save()));
});

test("a saved state is a copy: later steps leave it alone", async (t) => {
  await using model = await (await openOnnxEngine("cpu")).createModel(network, options);
  const saved = await model.save();
  const before = stateHashes(structuredClone(saved));
  await model.step(ballBatch(2, [8, 8, 8], 1), settings);
  t.deepEqual(stateHashes(saved), before);
  await model.load(saved);
  for (const { values } of saved.values()) values.fill(0);
  t.deepEqual(stateHashes(await model.save()), before);
});

test("clipping, decay and Nesterov momentum follow PyTorch's rule", async (t) => {
  await using model = await (await openOnnxEngine("cpu")).createModel(network, options);
  const batch = noiseBatch(2, [8, 8, 8], { channels: 1, classes: 3, ignore: false });
  const rule = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.02, gradientClip: 0.05 };
  for (let step = 0; step < 3; step++) {
    const start = await model.save();
    const bare = { learningRate: 0, momentum: 0, weightDecay: 0, gradientClip: Number.POSITIVE_INFINITY };
    const { gradientNorm } = await model.step(batch, bare);
    const gradients = await model.save();
    await model.load(start);
    t.is((await model.step(batch, rule)).gradientNorm, gradientNorm);
    const scale = Math.min(1, rule.gradientClip / (gradientNorm + 1e-6));
    for (const [name, { values }] of await model.save()) {
      const parameter = name.replace(/^[a-z]+\//, "");
      const [weight, velocity, gradient] = [
        start.get(`weight/${parameter}`),
        start.get(name),
        gradients.get(`momentum/${parameter}`),
      ];
      // The loss of one label does not reach the coarser head.
      if (!name.startsWith("momentum/") || parameter.startsWith("decoder.seg_layers.0.")) continue;
      const moved = (await model.save()).get(`weight/${parameter}`);
      values.forEach((value, i) => {
        const g = (gradient?.values[i] ?? 0) * scale + rule.weightDecay * (weight?.values[i] ?? 0);
        const v = rule.momentum * (velocity?.values[i] ?? 0) + g;
        const w = (weight?.values[i] ?? 0) - rule.learningRate * (g + rule.momentum * v);
        if (Math.abs(value - v) > 1e-6 * (1 + Math.abs(v))) t.fail(`${name}[${i}] is ${value}, not ${v}`);
        if (Math.abs((moved?.values[i] ?? 0) - w) > 1e-6 * (1 + Math.abs(w))) t.fail(`weight ${parameter}[${i}]`);
      });
    }
  }
  t.pass();
});

test("a patch that the network cannot halve, a short image and an unknown label are refused by name", async (t) => {
  await using model = await (await openOnnxEngine("cpu")).createModel(network, options);
  const refused = async (batch: TrainingBatch, message: RegExp): Promise<void> => {
    const error = await t.throwsAsync(model.step(batch, settings), { instanceOf: PatchstreamError });
    t.regex(error?.message ?? "", message);
  };
  const batch = noiseBatch(1, [8, 8, 8], { channels: 1, classes: 3, ignore: false });
  await refused({ ...batch, patchSize: [8, 6, 8] }, /patchSize\[1\] is 6; it must be a multiple of 4/);
  await refused({ ...batch, image: batch.image.subarray(1) }, /image\.length is 511; it must be 512/);
  await refused({ ...batch, label: batch.label.with(9, 3) }, /label is 3; it must be at most 2, or 255/);
});

test("a state of another network is refused by the tensor that does not fit", async (t) => {
  const engine = await openOnnxEngine("cpu");
  await using model = await engine.createModel(network, options);
  await using wider = await engine.createModel(describeNetwork(plan, { ...size, baseFeatures: 16 }), options);
  const error = await t.throwsAsync(model.load(await wider.save()), { instanceOf: PatchstreamError });
  t.regex(error?.message ?? "", /weight\/encoder\.stages\.0\.0\.convs\.0\.conv\.weight is \[16,1,3,3,3\].*8x1x3x3x3/);
});

const oracle = async (): Promise<TrainingEngine> => {
  await tf.setBackend("cpu");
  return tfjsEngine("tfjs-cpu", tf);
};

for (const [name, open] of [
  ["onnx", () => openOnnxEngine("cpu")],
  ["tfjs", oracle],
] as const) {
  test(`${name}: heads that the loss leaves out stay as they were drawn, decay included; with deep supervision that is the coarsest`, async (t) => {
    const deep = describeNetwork({ ...plan, pooling: [3, 3, 3] }, { channels: 1, classes: 3, baseFeatures: 4 });
    const [, ...deepSizes] = outputSizes(deep, [8, 8, 8]);
    const still = async (sizes: readonly Zyx[]): Promise<string[]> => {
      await using model = await (await open()).createModel(deep, options);
      const before = stateHashes(await model.save());
      const batch = noiseBatch(1, [8, 8, 8], { channels: 1, classes: 3, ignore: false, deepSizes: sizes });
      await model.step(batch, settings);
      const after = [...stateHashes(await model.save())];
      const unmoved = after.filter(([tensor, now]) => now === before.get(tensor));
      return unmoved.map(([tensor]) => tensor).filter((tensor) => /^weight.*seg_layers.*weight$/.test(tensor));
    };
    t.deepEqual(await still([]), ["weight/decoder.seg_layers.1.weight", "weight/decoder.seg_layers.0.weight"]);
    t.deepEqual(await still(deepSizes), ["weight/decoder.seg_layers.0.weight"]);
  });
}

test("the losses of the outputs count as nnU-Net weighs them, the coarsest not at all", (t) => {
  t.deepEqual(lossWeights(1), [1]);
  t.deepEqual(lossWeights(2), [1]);
  t.deepEqual(lossWeights(3), [2 / 3, 1 / 3]);
  t.deepEqual(lossWeights(5), [8 / 15, 4 / 15, 2 / 15, 1 / 15]);
});

test("further labels of another number or size than the network's outputs are refused by name", async (t) => {
  await using model = await (await openOnnxEngine("cpu")).createModel(network, options);
  const refused = async (deepSizes: readonly Zyx[], message: RegExp): Promise<void> => {
    const batch = noiseBatch(1, [8, 8, 8], { channels: 1, classes: 3, ignore: false, deepSizes });
    await t.throwsAsync(model.step(batch, settings), { instanceOf: PatchstreamError, message });
  };
  await refused([[4, 4, 2]], /deepLabels\[0\]\.length is 32; it must be 64/);
  await refused(
    [
      [4, 4, 4],
      [2, 2, 2],
    ],
    /deepLabels\.length is 2; it must be 1/,
  );
});

test("a network of a checkpoint from before coarser heads has the same first weights, and trains to the same", async (t) => {
  const engine = await openOnnxEngine("cpu");
  const before: NetworkDescription = { ...(network as PlainUnet), heads: [0] };
  await using now = await engine.createModel(network, options);
  await using then = await engine.createModel(before, options);
  const batch = ballBatch(2, [8, 8, 8], 1);
  t.deepEqual(await then.step(batch, settings), await now.step(batch, settings));
  const after = stateHashes(await now.save());
  for (const [name, values] of stateHashes(await then.save())) t.is(after.get(name), values, name);
});
