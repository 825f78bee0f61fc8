import test from "ava";
import { declareForEach } from "./at-hand.js";
import { all, sameCurve } from "./curves.js";

declareForEach(
  (engine) => {
    for (const [name, subject] of Object.entries(all))
      test.serial(`${name}: the loss of 20 batches on ${engine.name} falls as on onnx, within 2 %`, async (t) => {
        await sameCurve(t, engine, subject);
      });
  },
  ["onnx"],
);
