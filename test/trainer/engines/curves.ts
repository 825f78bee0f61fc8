import type { ExecutionContext } from "ava";
import type { Zyx } from "../../../plan/zyx.js";
import type { StepResult, TrainingEngine } from "../../../trainer/engines/engine.js";
import { openOnnxEngine } from "../../../trainer/engines/onnx/engine.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import type { NetworkDescription } from "../../../trainer/networks/network.js";
import { ballBatch } from "./sample-batch.js";

const STEPS = 20;
const SETTINGS = { learningRate: 0.01, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };

interface Subject {
  readonly network: NetworkDescription;
  readonly patchSize: Zyx;
}

const unet = (blocks: readonly number[] | undefined): Subject => ({
  network: describeNetwork(
    { patchSize: [8, 8, 8], batchSize: 2, pooling: [2, 2, 2], ...(blocks && { blocks }) },
    { channels: 1, classes: 3, baseFeatures: 4 },
  ),
  patchSize: [8, 8, 8],
});

const transformer = (network: "unetr" | "swin-unetr", baseFeatures: number): Subject => ({
  network: describeNetwork(
    { patchSize: [32, 32, 32], batchSize: 2, pooling: [0, 0, 0] },
    { channels: 1, classes: 3, network, baseFeatures },
  ),
  patchSize: [32, 32, 32],
});

/** Networks that tfjs's plain JavaScript trains in seconds. */
export const small = { "plain-unet": unet(undefined), "residual-unet": unet([1, 2, 1]) };
export const all = { ...small, unetr: transformer("unetr", 1), "swin-unetr": transformer("swin-unetr", 12) };

async function curve(engine: TrainingEngine, { network, patchSize }: Subject): Promise<StepResult[]> {
  await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads: 1 });
  const results: StepResult[] = [];
  for (let step = 0; step < STEPS; step++) results.push(await model.step(ballBatch(2, patchSize, step), SETTINGS));
  return results;
}

/** Trains on the same batches on `engine` and on onnx: cross-entropy and Dice of each step within 2 %: their difference, the loss, passes through 0. */
export async function sameCurve(t: ExecutionContext, engine: TrainingEngine, subject: Subject): Promise<void> {
  const got = await curve(engine, subject);
  const want = await curve(await openOnnxEngine("cpu"), subject);
  t.true((want.at(-1)?.loss ?? 0) < (want[0]?.loss ?? 0) - 0.1, "nothing was learned");
  for (const [step, { crossEntropy, dice }] of want.entries()) {
    const here = got[step] as StepResult;
    t.true(
      Math.abs(here.crossEntropy / crossEntropy - 1) <= 0.02,
      `step ${step}: ${here.crossEntropy} ${crossEntropy}`,
    );
    t.true(Math.abs(here.dice / dice - 1) <= 0.02, `step ${step}: Dice ${here.dice} ${dice}`);
  }
}
