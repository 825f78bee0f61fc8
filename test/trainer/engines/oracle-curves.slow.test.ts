import tf from "@tensorflow/tfjs";
import test from "ava";
import { tfjsEngine } from "../../../trainer/engines/tfjs/engine.js";
import { sameCurve, small } from "./curves.js";

for (const [name, subject] of Object.entries(small))
  test.serial(`${name}: the loss of 20 batches falls as on tfjs's plain JavaScript, within 2 %`, async (t) => {
    await tf.setBackend("cpu");
    await sameCurve(t, tfjsEngine("tfjs-cpu", tf), subject);
  });
