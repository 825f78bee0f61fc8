import tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import type { TrainingEngine } from "../../../trainer/engines/engine.js";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import { reportModel } from "../../../trainer/model-report.js";
import { elementCount } from "../../../trainer/networks/parameter.js";
import { listParameters } from "../../../trainer/networks/parameters.js";
import { stateDict } from "../../../trainer/networks/state-dict.js";
import type { StateTensor } from "../../../trainer/networks/state-tensor.js";
import { declareForEach } from "../engines/at-hand.js";
import {
  describeGolden,
  type GoldenNetwork,
  type GoldenStep,
  golden,
  knownBatch,
  knownState,
  sequence,
} from "./known.js";

/** PyTorch's clipping, with which the golden gradients are. */
const SETTINGS = { learningRate: 0, momentum: 0, weightDecay: 0, gradientClip: 12 };

function norm(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value ** 2;
  return Math.sqrt(sum);
}

const titleOf = (index: number, { network }: GoldenNetwork): string => `${network} (${index})`;

for (const [index, entry] of golden.networks.entries()) {
  const network = describeGolden(entry);
  const title = titleOf(index, entry);

  test(`${title}: a state dict has the names, shapes and types of PyTorch's module, none more, none less`, (t) => {
    const parameters = listParameters(network);
    t.is(
      parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      entry.parameters,
    );
    const weights = new Map<string, StateTensor>(
      parameters.map(({ name, shape }) => [name, { shape, values: new Float32Array(elementCount(shape)) }]),
    );
    const got = [...stateDict(network, weights)].map(([name, { shape, values }]) => {
      t.is(values.length, elementCount(shape), name);
      return `${name} ${shape.join("x")} ${values instanceof BigInt64Array ? "I64" : "F32"}`;
    });
    const want = entry.tensors.map(([name, shape, type]) => `${name} ${shape.join("x")} ${type}`);
    t.deepEqual(got.sort(), want.sort());
  });

  for (const step of entry.steps) {
    const patch = step.patchSize.join("x");
    // PyTorch multiplies the scores of a single token element by element, which it does not count.
    const countsAll = entry.network !== "unetr" || patch !== "16x16x16";

    if (countsAll)
      test(`${title}: the operations of a forward pass at ${patch} are those that PyTorch counts`, (t) => {
        const { layers, stages } = reportModel(network, [{ patchSize: step.patchSize, batchSize: 2 }]);
        t.is(
          layers.reduce((sum, { flops }) => sum + flops, 0),
          step.forwardFlops,
        );
        t.is(stages[0]?.flops, 3 * 2 * step.forwardFlops);
      });
  }
}

/** One step on `engine` from known weights: logits, loss and every gradient, each relative to PyTorch's. */
async function isAsPyTorch(
  t: ExecutionContext,
  engine: TrainingEngine,
  entry: GoldenNetwork,
  step: GoldenStep,
  tolerance = 1e-3,
): Promise<void> {
  const network = describeGolden(entry);
  await using model = await engine.createModel(network, { seed: 1, batchDice: step.batchDice, threads: 2 });
  const state = knownState(network);
  await model.load(state);
  const batch = knownBatch(network, step);

  const logits = await model.predict(batch.image, batch.batchSize, batch.patchSize);
  const { values: wanted, stride } = step.outputs[0] as GoldenStep["outputs"][number];
  const differences = wanted.map((value, i) => value - (logits[i * stride] ?? Number.NaN));
  t.true(norm(differences) <= 1e-4 * norm(wanted), `logits off by ${norm(differences)} of ${norm(wanted)}`);

  const { loss, gradientNorm } = await model.step(batch, SETTINGS);
  t.true(Math.abs(loss - step.loss) <= 1e-4 * Math.abs(step.loss), `loss ${loss}, not ${step.loss}`);
  t.true(Math.abs(gradientNorm - step.gradientNorm) <= tolerance * step.gradientNorm, `${gradientNorm}`);
  const after = await model.save();
  t.is(Object.keys(step.gradients).length, listParameters(network).length);
  for (const [parameter, want] of Object.entries(step.gradients)) {
    // With a momentum of 0 a step's new momentum is the clipped gradient.
    const values = after.get(`momentum/${parameter}`)?.values ?? Float32Array.of(Number.NaN);
    const weighed = sequence(parameter, values.length).reduce((sum, one, i) => sum + one * (values[i] ?? 0), 0);
    const [size, product] = want ?? [0, 0];
    // A bias that an instance norm follows has no gradient but rounding.
    const rounding = 1e-5 * Math.min(12, step.gradientNorm);
    const allowed = tolerance * size + rounding;
    t.true(Math.abs(norm(values) - size) <= allowed, `${parameter}: ${norm(values)}, not ${size}`);
    t.true(Math.abs(weighed - product) <= allowed, `${parameter}: ${weighed}, not ${product}`);
  }
}

const titleAt = (index: number, entry: GoldenNetwork, step: GoldenStep): string =>
  `${titleOf(index, entry)} at ${step.patchSize.join("x")}: logits, loss and every gradient are PyTorch's`;

declareForEach((engine) => {
  for (const [index, entry] of golden.networks.entries())
    for (const step of entry.steps)
      test.serial(`${engine.name}: ${titleAt(index, entry, step)}`, (t) => isAsPyTorch(t, engine, entry, step));
});

// Plain JavaScript is slow: each network at its smallest patch, which takes SwinUNETR a minute.
for (const [index, entry] of golden.networks.entries()) {
  const [step] = entry.steps as [GoldenStep, ...GoldenStep[]];
  test.serial(`tfjs-cpu: ${titleAt(index, entry, step)}`, async (t) => {
    t.timeout(600_000);
    await tf.setBackend("cpu");
    await isAsPyTorch(t, tfjsEngine("tfjs-cpu", tf), entry, step);
  });
}
