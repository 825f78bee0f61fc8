import { elementCount } from "../../../networks/parameter.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";
import type { Affine } from "./instance-norm.js";
import { normalise } from "./normalise.js";

/** Norm over the channels of each voxel of (B,C,Z,Y,X), then scale (C) and shift (C) where there are any. */
export function layerNorm(tape: Tape, input: Value, affine?: Affine): Value {
  const { graph } = tape;
  const [batch, channels, ...size] = input.shape as [number, number, number, number, number];
  const flatShape = [batch, channels, elementCount(size)];
  const perChannel = [1, channels, 1];
  const { normalised, inverse } = normalise(graph, graph.reshape(input, flatShape), 1);
  const scales = affine && graph.reshape(affine.scale, perChannel);
  const output =
    affine && scales
      ? graph.add(graph.multiply(normalised, scales), graph.reshape(affine.shift, perChannel))
      : normalised;

  return tape.record(graph.reshape(output, input.shape), (gradient) => {
    const arrived = graph.reshape(gradient, flatShape);
    if (affine) {
      const ofScale = graph.sum(graph.multiply(arrived, normalised), [0, 2]);
      tape.addGradient(affine.shift, graph.reshape(graph.sum(arrived, [0, 2]), affine.shift.shape));
      tape.addGradient(affine.scale, graph.reshape(ofScale, affine.scale.shape));
    }
    const scaled = scales ? graph.multiply(arrived, scales) : arrived;
    const product = graph.mean(graph.multiply(scaled, normalised), [1]);
    const fit = graph.add(graph.mean(scaled, [1]), graph.multiply(normalised, product));
    tape.addGradient(input, graph.reshape(graph.multiply(graph.subtract(scaled, fit), inverse), input.shape));
  });
}
