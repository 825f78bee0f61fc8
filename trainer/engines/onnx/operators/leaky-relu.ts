import { LEAKY_SLOPE } from "../../../networks/layers.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** Steep enough that HardSigmoid, max(0, min(1, alpha x)), is 1 for every normal positive float and 0 for the others. */
const STEP_ALPHA = 3e38;

/** x where x is positive, otherwise 0.01 x; the slope at 0 is 0.01, as PyTorch's. */
export function leakyRelu(tape: Tape, input: Value): Value {
  const { graph } = tape;
  const output = graph.apply("LeakyRelu", [input], input.shape, { alpha: { float: LEAKY_SLOPE } });
  return tape.record(output, (gradient) => {
    const positive = graph.apply("HardSigmoid", [output], output.shape, {
      alpha: { float: STEP_ALPHA },
      beta: { float: 0 },
    });
    const slope = graph.apply("Max", [positive, graph.scalar(LEAKY_SLOPE)], positive.shape);
    tape.addGradient(input, graph.multiply(gradient, slope));
  });
}
