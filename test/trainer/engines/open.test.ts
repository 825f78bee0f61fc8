import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import test from "ava";
import { PatchstreamError } from "../../../plan/errors.js";
import type { TrainingEngine } from "../../../trainer/engines/engine.js";
import { engineNames, openTrainingEngine } from "../../../trainer/engines/open.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import { ballBatch } from "./sample-batch.js";

const unexpected = (line: string): never => {
  throw new Error(`a named engine gave the notice: ${line}`);
};

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

test("auto opens an engine that trains, and tells in one line what would make those it passes over usable here", async (t) => {
  const notices: string[] = [];
  const engine = await openTrainingEngine("auto", (line) => notices.push(line));
  t.true((engineNames as readonly string[]).includes(engine.name));
  const passedOver = engineNames.slice(1, engineNames.indexOf(engine.name as (typeof engineNames)[number]));
  const hasGpu = existsSync("/dev/nvidiactl") || existsSync("/dev/dxg");
  t.is(notices.length, passedOver.filter((name) => hasGpu || !["onnx-cuda", "tfjs-node-gpu"].includes(name)).length);
  for (const notice of notices)
    t.regex(notice, /^engine [a-z-]+ is not usable here: [^\n]+npm (install|rebuild) [^\n]+$/);
});

test("an engine that does not exist is refused with the names that do", async (t) => {
  const error = await t.throwsAsync(openTrainingEngine("torch", unexpected), { instanceOf: PatchstreamError });
  t.is(error?.message, 'no engine "torch"; known: auto, onnx-cuda, onnx, tfjs-node-gpu, tfjs-node');
});

const network = describeNetwork(
  { patchSize: [8, 8, 8], batchSize: 2, pooling: [2, 2, 2] },
  { channels: 1, classes: 3, baseFeatures: 4 },
);
const settings = { learningRate: 0.05, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };

async function losses(engine: TrainingEngine): Promise<number[]> {
  await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads: 1 });
  const all: number[] = [];
  for (let step = 0; step < 12; step++) all.push((await model.step(ballBatch(2, [8, 8, 8], 1), settings)).loss);
  return all;
}

for (const name of ["onnx-cuda", "onnx", "tfjs-node-gpu", "tfjs-node"]) {
  const packageName = name.startsWith("onnx") ? "onnxruntime-node" : `@tensorflow/${name}`;

  test(`${name} trains as onnx does, or is refused with the npm command`, async (t) => {
    const engine = await openTrainingEngine(name, unexpected).catch((error: unknown) => {
      if (!(error instanceof PatchstreamError)) throw error;
      t.is(error.code, "ENGINE_MISSING");
      t.regex(error.message, new RegExp(`npm (install|rebuild) ${packageName}`));
      t.false(name === "onnx" && isInstalled(packageName), error.message);
      t.log(`SKIPPED training with ${name}: ${error.message}`);
    });
    if (engine === undefined) return;
    const got = await losses(engine);
    const want = await losses(await openTrainingEngine("onnx", unexpected));
    t.true((got.at(-1) ?? 0) < (got[0] ?? 0) - 0.2);
    // Twelve steps amplify the roundings in which the engines differ; one wrong gradient is off by far more.
    got.forEach((loss, step) => {
      t.true(Math.abs(loss - (want[step] ?? Number.NaN)) < 1e-3, `step ${step}: ${loss}, ${want[step]}`);
    });
  });
}
