import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import * as ort from "onnxruntime-node";
import { voxelCount, type Zyx } from "../../plan/index.js";
import { exportNnunet } from "../../predict/index.js";
import { exportOnnx, openTrainingEngine, readModel } from "../../trainer/index.js";
import { describeNetwork } from "../../trainer/networks/describe.js";
import type { Checkpoint } from "../../trainer/run-folder/checkpoint.js";
import { patchstream } from "../cli/command.js";
import { knownState, sequence } from "../trainer/networks/known.js";
import { type GoldenCase, goldenCases, temporaryFolder, writeModel } from "./golden-cases.js";

const [plain, , residual] = goldenCases as [GoldenCase, GoldenCase, GoldenCase];

for (const [golden, sizes] of [
  [
    plain,
    [
      [8, 12, 8],
      [16, 20, 12],
    ],
  ],
  [
    residual,
    [
      [16, 16, 16],
      [12, 24, 20],
    ],
  ],
] as const)
  test(`one ONNX file gives the engine's logits at every size and batch: ${golden.name}`, async (t) => {
    const folder = writeModel(temporaryFolder(t), golden);
    const model = await readModel(folder);
    const session = await ort.InferenceSession.create(exportOnnx(model));
    const { network, model: state } = model.checkpoint;
    const engine = await openTrainingEngine("onnx", () => undefined);
    await using trained = await engine.createModel(network, { seed: 0, batchDice: false, threads: 1 });
    await trained.load(state);
    for (const [at, size] of sizes.entries()) {
      const batch = at + 1;
      const shape = [batch, network.inputChannels, ...size];
      const image = Float32Array.from(
        sequence(
          `image${at}`,
          shape.reduce((a, b) => a * b),
        ),
        (value) => 4 * value,
      );
      const { logits } = await session.run({ image: new ort.Tensor("float32", image, shape) });
      t.deepEqual(logits?.dims, [batch, network.classes, ...size]);
      const [ours, theirs] = [await trained.predict(image, batch, size), logits?.data as Float32Array];
      const largest = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))), 0);
      t.true(largest < 2e-5, `${size} differs by ${largest}`); // float32 sums in another order
    }
  });

for (const [network, baseFeatures] of [
  ["unetr", 1],
  ["swin-unetr", 12],
] as const)
  test(`the ONNX file of a transformer gives the engine's logits of its patch, at every batch: ${network}`, async (t) => {
    const patch: Zyx = [32, 64, 32];
    const plan = { patchSize: patch, batchSize: 1, pooling: [0, 0, 0] } as const;
    const made = describeNetwork(plan, { channels: 2, classes: 3, network, baseFeatures });
    const change = (checkpoint: Checkpoint): Checkpoint => ({
      ...checkpoint,
      network: made,
      spec: { ...checkpoint.spec, plan },
      model: knownState(made),
    });
    const model = await readModel(writeModel(temporaryFolder(t), residual, change));
    const session = await ort.InferenceSession.create(exportOnnx(model));
    const engine = await openTrainingEngine("onnx", () => undefined);
    await using trained = await engine.createModel(made, { seed: 0, batchDice: false, threads: 1 });
    await trained.load(model.checkpoint.model);
    for (const batch of [1, 2]) {
      const image = Float32Array.from(sequence(`image${batch}`, batch * 2 * voxelCount(patch)), (value) => 4 * value);
      const { logits } = await session.run({ image: new ort.Tensor("float32", image, [batch, 2, ...patch]) });
      t.deepEqual(logits?.dims, [batch, 3, ...patch]);
      const [ours, theirs] = [await trained.predict(image, batch, patch), logits?.data as Float32Array];
      const largest = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))), 0);
      // float32 sums in another order, through more layers than a U-Net has
      t.true(largest < 1e-4, `a batch of ${batch} differs by ${largest}`);
    }
    const small = new ort.Tensor("float32", new Float32Array(2 * 32 ** 3), [1, 2, 32, 32, 32]);
    await t.throwsAsync(session.run({ image: small }), { message: /invalid dimensions.*image/s });
  });

test("the ONNX file says what a prediction needs, and its sizes are open", async (t) => {
  const folder = temporaryFolder(t);
  const [model, file] = [writeModel(join(folder, "run"), residual), join(folder, "model.onnx")];
  const { code, stdout } = await patchstream("export", model, file, "--to", "onnx");
  t.is(code, 0);
  t.is(stdout, `${file}: residual-unet after step 1\n`);
  const text = readFileSync(file, "latin1");
  for (const axis of ["batch", "depth", "height", "width"]) t.true(text.includes(axis));
  const facts = JSON.parse(/\{"patchSize".*\}(?=[^}]*$)/s.exec(text)?.[0] ?? "null");
  t.like(facts, {
    patchSize: [16, 16, 16],
    mirrorAxes: [0, 1],
    channelNames: ["T1", "T2"],
    plans: residual.plans as object,
  });
});

test("nnU-Net's folder has the plan with the run's network, the labels, and a checkpoint a fold", async (t) => {
  const folder = temporaryFolder(t);
  const model = await readModel(
    writeModel(join(folder, "run"), plain, (checkpoint) => ({
      ...checkpoint,
      network: { ...checkpoint.network, features: [6, 12, 24] } as typeof checkpoint.network,
    })),
  );
  const out = join(folder, "results");
  for (const fold of [0, 3]) exportNnunet(model, out, { fold });
  const [plans, dataset] = ["plans.json", "dataset.json"].map((file) =>
    JSON.parse(readFileSync(join(out, file), "utf8")),
  );
  t.deepEqual(plans.configurations["3d_fullres"].architecture.arch_kwargs.features_per_stage, [6, 12, 24]);
  t.deepEqual(dataset.labels, { background: 0, Anterior: 1, Posterior: 2 });
  for (const fold of [0, 3]) t.true(existsSync(join(out, `fold_${fold}`, "checkpoint_final.pth")));
  const other = await readModel(writeModel(join(folder, "other"), residual));
  t.throws(() => exportNnunet(other, out, { fold: 1 }), {
    message: /plans.json is "another"; it must be a folder of folds of the same plan/,
  });
  t.false(existsSync(join(out, "fold_1")));
});

test("a network that nnU-Net does not have is refused by name", async (t) => {
  const folder = temporaryFolder(t);
  const unetr = {
    kind: "unetr",
    inputChannels: 1,
    classes: 3,
    heads: [0],
    featureSize: 4,
    hiddenSize: 24,
    mlpDim: 96,
    attentionHeads: 2,
    layers: 12,
    grid: [2, 2, 2],
  } as const;
  const model = writeModel(join(folder, "run"), plain, (checkpoint) => ({ ...checkpoint, network: unetr }));
  const saved = await readModel(model);
  t.throws(() => exportNnunet(saved, join(folder, "results"), { fold: 0 }), {
    message: /^the network unetr in nnU-Net is not supported/,
  });
  t.false(existsSync(join(folder, "results")));
});
