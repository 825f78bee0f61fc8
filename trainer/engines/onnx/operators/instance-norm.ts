import { elementCount } from "../../../networks/parameter.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { normalise } from "./normalise.js";

/** What a norm's result is multiplied with and moved by, (C) each. */
export interface Affine {
  readonly scale: Value;
  readonly shift: Value;
}

/**
 * Instance norm of (B,C,Z,Y,X), then scale (C) and shift (C) where there are any. A single voxel normalises to 0, so its output is the shift
 * and its gradient 0.
 */
export function instanceNorm(tape: Tape, input: Value, affine?: Affine): Value {
  const { graph } = tape;
  const [batch, channels, ...size] = input.shape as [number, number, number, number, number];
  const voxels = elementCount(size);
  const perChannel = [1, channels, 1];
  const { normalised, inverse } = normalise(graph, graph.reshape(input, [batch, channels, voxels]), 2);
  const scales = affine && graph.reshape(affine.scale, perChannel);
  const output =
    affine && scales
      ? graph.add(graph.multiply(normalised, scales), graph.reshape(affine.shift, perChannel))
      : normalised;

  return tape.record(graph.reshape(output, input.shape), (gradient) => {
    const arrived = graph.reshape(gradient, [batch, channels, voxels]);
    const sum = graph.sum(arrived, [2]);
    const product = graph.sum(graph.multiply(arrived, normalised), [2]);
    if (affine) {
      tape.addGradient(affine.shift, graph.reshape(graph.sum(sum, [0]), affine.shift.shape));
      tape.addGradient(affine.scale, graph.reshape(graph.sum(product, [0]), affine.scale.shape));
    }
    const count = graph.scalar(voxels);
    const fit = graph.add(graph.divide(sum, count), graph.multiply(normalised, graph.divide(product, count)));
    const factor = scales ? graph.multiply(scales, inverse) : inverse;
    tape.addGradient(input, graph.reshape(graph.multiply(graph.subtract(arrived, fit), factor), input.shape));
  });
}
