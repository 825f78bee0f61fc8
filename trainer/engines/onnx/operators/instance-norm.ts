import { NORM_EPSILON } from "../../../networks/layers.js";
import { elementCount } from "../../../networks/parameters.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/**
 * Instance norm of (B,C,Z,Y,X), then scale (C) and shift (C). A single voxel normalises to 0, so its output is the shift
 * and its gradient 0.
 */
export function instanceNorm(tape: Tape, input: Value, scale: Value, shift: Value): Value {
  const { graph } = tape;
  const [batch, channels, ...size] = input.shape as [number, number, number, number, number];
  const voxels = elementCount(size);
  const perChannel = [1, channels, 1];
  const scales = graph.reshape(scale, perChannel);
  const flat = graph.reshape(input, [batch, channels, voxels]);
  const centred = graph.subtract(flat, graph.mean(flat, [2]));
  const variance = graph.mean(graph.multiply(centred, centred), [2]);
  const deviation = graph.apply("Sqrt", [graph.add(variance, graph.scalar(NORM_EPSILON))], variance.shape);
  const inverse = graph.divide(graph.scalar(1), deviation);
  const normalised = graph.multiply(centred, inverse);
  const output = graph.add(graph.multiply(normalised, scales), graph.reshape(shift, perChannel));

  return tape.record(graph.reshape(output, input.shape), (gradient) => {
    const arrived = graph.reshape(gradient, [batch, channels, voxels]);
    const sum = graph.sum(arrived, [2]);
    const product = graph.sum(graph.multiply(arrived, normalised), [2]);
    tape.addGradient(shift, graph.reshape(graph.sum(sum, [0]), shift.shape));
    tape.addGradient(scale, graph.reshape(graph.sum(product, [0]), scale.shape));
    const count = graph.scalar(voxels);
    const fit = graph.add(graph.divide(sum, count), graph.multiply(normalised, graph.divide(product, count)));
    const result = graph.multiply(graph.subtract(arrived, fit), graph.multiply(scales, inverse));
    tape.addGradient(input, graph.reshape(result, input.shape));
  });
}
