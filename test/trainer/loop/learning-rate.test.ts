import test from "ava";
import { polyLearningRate } from "../../../trainer/loop/learning-rate.js";

test("the learning rate falls as (1 - epoch / epochs)^0.9 from its initial value", (t) => {
  t.is(polyLearningRate(0.01, 0, 1000), 0.01);
  // 0.01 x 0.5^0.9 and 0.01 x 0.001^0.9, to 9 digits.
  t.is(polyLearningRate(0.01, 500, 1000).toFixed(11), "0.00535886731");
  t.is(polyLearningRate(0.01, 999, 1000).toFixed(11), "0.00001995262");
});
