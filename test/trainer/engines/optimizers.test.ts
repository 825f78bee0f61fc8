import { readFileSync } from "node:fs";
import test from "ava";
import type { StepSettings } from "../../../trainer/engines/engine.js";
import { openOnnxEngine } from "../../../trainer/engines/onnx/engine.js";
import { GraphBuilder } from "../../../trainer/engines/onnx/graph.js";
import { encodeModel } from "../../../trainer/engines/onnx/model-proto.js";
import { adamw } from "../../../trainer/engines/onnx/operators/adamw.js";
import { clipNorm } from "../../../trainer/engines/onnx/operators/clip.js";
import { sgd } from "../../../trainer/engines/onnx/operators/sgd.js";
import { openRuntime } from "../../../trainer/engines/onnx/runtime.js";
import { OPTIMIZERS, type OptimizerName, STATE_KINDS, updateScalars } from "../../../trainer/engines/optimizers.js";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import type { Tfjs } from "../../../trainer/engines/tfjs/tfjs.js";
import { updates } from "../../../trainer/engines/tfjs/update.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import { ballBatch, uniforms } from "./sample-batch.js";
import { stateHashes } from "./state-hashes.js";
import { tfjsBackends } from "./tfjs-backends.js";

/** optimizers.py says how it is made. */
const golden = JSON.parse(
  readFileSync(new URL("../../../../test/golden/optimizers.json", import.meta.url), "utf8"),
) as {
  readonly count: number;
  readonly settings: StepSettings;
  /** After each step. */
  readonly weights: Readonly<Record<OptimizerName, readonly (readonly number[])[]>>;
};

const { count, settings } = golden;

function drawn(seed: number): Float32Array {
  const draw = uniforms(seed);
  return Float32Array.from({ length: count }, () => 2 * draw() - 1);
}

/** Weights and optimiser state after a step of `gradient`. */
type Step = (state: readonly Float32Array[], gradient: Float32Array, step: number) => Promise<Float32Array[]>;

async function onnxStep(optimizer: OptimizerName): Promise<Step> {
  const graph = new GraphBuilder();
  const vectors = STATE_KINDS[optimizer].map((_, index) => graph.input(`state_${index}`, [count]));
  const { clipped } = clipNorm(graph, graph.input("gradient", [count]), graph.input("gradientClip", []));
  const updated = { sgd, adamw }[optimizer](graph, { weights: graph.input("weights", [count]), vectors }, clipped);
  for (const [index, vector] of [updated.weights, ...updated.vectors].entries()) graph.output(`new_${index}`, vector);
  const { ort } = await openRuntime("cpu");
  const session = await ort.InferenceSession.create(encodeModel(graph.build()));
  return async (state, gradient, step) => {
    const names = ["weights", ...STATE_KINDS[optimizer].map((_, index) => `state_${index}`)];
    const tensors = state.map((values, index) => [names[index], new ort.Tensor("float32", values, [count])] as const);
    const scalars = Object.entries(updateScalars(optimizer, settings, step)).map(
      ([name, value]) => [name, new ort.Tensor("float32", Float32Array.of(value), [])] as const,
    );
    const given = [...tensors, ...scalars, ["gradient", new ort.Tensor("float32", gradient, [count])] as const];
    const results = await session.run(Object.fromEntries(given));
    return state.map((_, index) => results[`new_${index}`]?.data as Float32Array);
  };
}

async function tfjsStep(tf: Tfjs, optimizer: OptimizerName): Promise<Step> {
  return async ([weights, ...vectors], gradient, step) => {
    const scalars = updateScalars(optimizer, settings, step);
    const scale = Math.min(1, settings.gradientClip / (Math.hypot(...gradient) + 1e-6));
    const after = updates[optimizer](
      tf,
      { weights: tf.tensor1d(weights as Float32Array), vectors: vectors.map((values) => tf.tensor1d(values)) },
      tf.tensor1d(gradient.map((value) => value * scale)),
      (name) => scalars[name] as number,
    );
    return [after.weights, ...after.vectors].map((tensor) => tensor.dataSync<"float32">());
  };
}

const backends = await tfjsBackends();
const engines = [await openOnnxEngine("cpu"), ...backends.map(({ name, tf }) => tfjsEngine(name, tf))];
const steps = [
  ["onnx", onnxStep] as const,
  ...backends.map(({ name, tf }) => [name, (of: OptimizerName) => tfjsStep(tf, of)] as const),
];
for (const [engine, stepOf] of steps) {
  for (const optimizer of OPTIMIZERS) {
    test.serial(`${engine}: weights after each step of ${optimizer} are PyTorch's`, async (t) => {
      const take = await stepOf(optimizer);
      let state: readonly Float32Array[] = [drawn(1), ...STATE_KINDS[optimizer].map(() => new Float32Array(count))];
      for (const [index, wanted] of golden.weights[optimizer].entries()) {
        state = await take(state, drawn(100 + index), index + 1);
        for (const [at, weight] of wanted.entries()) {
          // A few roundings of a number near 1.
          const got = state[0]?.[at] ?? Number.NaN;
          t.true(Math.abs(got - weight) <= 3e-7, `step ${index}, weight ${at}: ${got}, not ${weight}`);
        }
      }
    });
  }
}

const network = describeNetwork(
  { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] },
  { channels: 1, classes: 3, baseFeatures: 4 },
);
const ADAMW = { ...settings, optimizer: "adamw" } as const;
const batches = [1, 2, 3, 4].map((seed) => ballBatch(2, [8, 8, 8], seed));

for (const engine of engines) {
  test.serial(
    `${engine.name}: a model trained with AdamW that is saved and loaded goes on as if it had not been`,
    async (t) => {
      const options = { seed: 3, batchDice: false, threads: 1 };
      await using whole = await engine.createModel(network, options);
      await using begun = await engine.createModel(network, options);
      await using resumed = await engine.createModel(network, { ...options, seed: 9 });
      for (const batch of batches) await whole.step(batch, ADAMW);
      for (const batch of batches.slice(0, 2)) await begun.step(batch, ADAMW);
      await resumed.load(structuredClone(await begun.save()));
      for (const batch of batches.slice(2)) await resumed.step(batch, ADAMW);
      const saved = await resumed.save();
      t.deepEqual(saved.get("adam-steps"), { shape: [], values: Float32Array.of(4) });
      t.deepEqual(stateHashes(saved), stateHashes(await whole.save()));
      t.false([...saved.keys()].some((name) => name.startsWith("momentum/")));
    },
  );

  test.serial(`${engine.name}: another optimiser than before begins with a state of zeros`, async (t) => {
    const options = { seed: 3, batchDice: false, threads: 1 };
    await using changed = await engine.createModel(network, options);
    await using fresh = await engine.createModel(network, options);
    const [first, second] = batches as [(typeof batches)[0], (typeof batches)[0]];
    await changed.step(first, { ...ADAMW, learningRate: 0, weightDecay: 0 });
    await changed.step(first, { ...settings, learningRate: 0 });
    await changed.step(second, ADAMW);
    await fresh.step(second, ADAMW);
    t.deepEqual(stateHashes(await changed.save()), stateHashes(await fresh.save()));
  });
}
