import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** Channels of `first`, then those of `second`. */
export function concatenate(tape: Tape, first: Value, second: Value): Value {
  const { graph } = tape;
  return tape.record(graph.concatenate([first, second], 1), (gradient) => {
    const [ofFirst, ofSecond] = graph.split(gradient, 1, [first.shape[1] as number, second.shape[1] as number]);
    tape.addGradient(first, ofFirst as Value);
    tape.addGradient(second, ofSecond as Value);
  });
}
