import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** The sum of two values of one shape. */
export function add(tape: Tape, first: Value, second: Value): Value {
  return tape.record(tape.graph.add(first, second), (gradient) => {
    if (tape.watches(first)) tape.addGradient(first, gradient);
    if (tape.watches(second)) tape.addGradient(second, gradient);
  });
}
