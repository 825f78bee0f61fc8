import tf from "@tensorflow/tfjs";
import test from "ava";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import { isAsPyTorch, titleAt } from "./as-pytorch.js";
import { type GoldenStep, golden } from "./known.js";

// Plain JavaScript is slow: each network at its smallest patch, which takes SwinUNETR a minute.
for (const [index, entry] of golden.networks.entries()) {
  const [step] = entry.steps as [GoldenStep, ...GoldenStep[]];
  test.serial(`tfjs-cpu: ${titleAt(index, entry, step)}`, async (t) => {
    t.timeout(600_000);
    await tf.setBackend("cpu");
    await isAsPyTorch(t, tfjsEngine("tfjs-cpu", tf), entry, step);
  });
}
