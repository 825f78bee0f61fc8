import type { ExecutionContext } from "ava";
import type { TrainingEngine } from "../../../trainer/engines/engine.js";
import { listParameters } from "../../../trainer/networks/parameters.js";
import { describeGolden, type GoldenNetwork, type GoldenStep, knownBatch, knownState, sequence } from "./known.js";

/** PyTorch's clipping, with which the golden gradients are. */
const SETTINGS = { learningRate: 0, momentum: 0, weightDecay: 0, gradientClip: 12 };

function norm(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value ** 2;
  return Math.sqrt(sum);
}

/** One step on `engine` from known weights: logits, loss and every gradient, each relative to PyTorch's. */
export async function isAsPyTorch(
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

export const titleOf = (index: number, { network }: GoldenNetwork): string => `${network} (${index})`;

export const titleAt = (index: number, entry: GoldenNetwork, step: GoldenStep): string =>
  `${titleOf(index, entry)} at ${step.patchSize.join("x")}: logits, loss and every gradient are PyTorch's`;
