import test, { type ExecutionContext } from "ava";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { HardCounts, LabelOptions, TrainingBatch, TrainingEngine } from "../../../trainer/engines/engine.js";
import { openOnnxEngine } from "../../../trainer/engines/onnx/engine.js";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import { outputSizes } from "../../../trainer/networks/outputs.js";
import { noiseBatch } from "./sample-batch.js";
import { stateHashes } from "./state-hashes.js";
import { tfjsBackends } from "./tfjs-backends.js";

const PATCH: Zyx = [8, 8, 4];
const plan = { patchSize: PATCH, batchSize: 2, pooling: [2, 2, 1] } as const;
const network = describeNetwork(plan, { channels: 1, classes: 3, baseFeatures: 4 });
const [, ...deepSizes] = outputSizes(network, PATCH);
const SETTINGS = { learningRate: 0.1, momentum: 0.9, weightDecay: 0, gradientClip: 12 };
const REGIONS = [[1, 2, 3], [2, 3], [3]];

const engines = [await openOnnxEngine("cpu"), ...(await tfjsBackends()).map(({ name, tf }) => tfjsEngine(name, tf))];

/** Of each foreground class or region, voxel by voxel from the logits (B,3,Z,Y,X). */
function countedFrom(logits: Float32Array, { label, batchSize }: TrainingBatch, of: LabelOptions): HardCounts[] {
  const voxels = voxelCount(PATCH);
  const isRegions = of.labels?.kind === "regions";
  const outputs = isRegions ? [0, 1, 2] : [1, 2];
  const highest = isRegions ? 3 : 2;
  const counts = outputs.map(() => ({ truePositive: 0, falsePositive: 0, falseNegative: 0 }));
  for (let at = 0; at < batchSize * voxels; at++) {
    const value = label[at] as number;
    if (value > highest) continue;
    const own = [0, 1, 2].map((output) => logits[(Math.floor(at / voxels) * 3 + output) * voxels + (at % voxels)] ?? 0);
    for (const [index, output] of outputs.entries()) {
      const predicted = isRegions ? (own[output] as number) > 0 : own.indexOf(Math.max(...own)) === output;
      const wanted = isRegions ? REGIONS[output]?.includes(value) : value === output;
      const count = counts[index] as { -readonly [Name in keyof HardCounts]: number };
      if (predicted && wanted) count.truePositive++;
      else if (predicted) count.falsePositive++;
      else if (wanted) count.falseNegative++;
    }
  }
  return counts;
}

async function validates(t: ExecutionContext, engine: TrainingEngine, of: LabelOptions, batch: TrainingBatch) {
  const options = { seed: 3, batchDice: true, threads: 1, ...of };
  await using model = await engine.createModel(network, options);
  for (let step = 0; step < 2; step++) await model.step(batch, SETTINGS);
  const before = await model.save();
  const { loss, counts } = await model.validate(batch);
  t.deepEqual(stateHashes(await model.save()), stateHashes(before), "nothing of the model changes");
  const logits = await model.predict(batch.image, batch.batchSize, batch.patchSize);
  t.deepEqual(counts, countedFrom(logits, batch, of));
  t.true(
    counts.every((one) => Object.values(one).every((voxels) => voxels > 0)),
    "every count is of some voxels",
  );
  const step = await model.step(batch, SETTINGS);
  t.true(Math.abs(step.loss - loss) <= 1e-6 * Math.abs(loss), `${step.loss}, not ${loss}`);
}

for (const engine of engines) {
  test.serial(
    `${engine.name}: a validation has the loss of a step, and counts classes at the finest output`,
    async (t) => {
      const batch = noiseBatch(2, PATCH, { channels: 1, classes: 3, ignore: 3, deepSizes });
      await validates(t, engine, { ignoreLabel: 3 }, batch);
    },
  );

  test.serial(`${engine.name}: a validation counts each region whose sigmoid is above a half`, async (t) => {
    const batch = noiseBatch(3, PATCH, { channels: 1, classes: 4, ignore: 4 });
    await validates(t, engine, { labels: { kind: "regions", regions: REGIONS }, ignoreLabel: 4 }, batch);
  });
}
