import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** x times the normal distribution's share below x, with the error function (PyTorch's `GELU(approximate="none")`). */
export function gelu(tape: Tape, input: Value): Value {
  const { graph } = tape;
  const error = graph.apply("Erf", [graph.multiply(input, graph.scalar(Math.SQRT1_2))], input.shape);
  const below = graph.multiply(graph.add(error, graph.scalar(1)), graph.scalar(0.5));
  return tape.record(graph.multiply(input, below), (gradient) => {
    const exponent = graph.multiply(graph.multiply(input, input), graph.scalar(-0.5));
    const bell = graph.apply("Exp", [exponent], input.shape);
    const density = graph.multiply(bell, graph.scalar(1 / Math.sqrt(2 * Math.PI)));
    const slope = graph.add(below, graph.multiply(input, density));
    tape.addGradient(input, graph.multiply(gradient, slope));
  });
}
