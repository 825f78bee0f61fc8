import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** Mean of each block of `stride` voxels of (B,C,Z,Y,X), whose extents are multiples of it. */
export function averagePool(tape: Tape, input: Value, stride: Zyx): Value {
  const { graph } = tape;
  const [batch, channels, ...size] = input.shape as [number, number, number, number, number];
  const pooled = size.map((extent, axis) => extent / (stride[axis] as number));
  const output = graph.apply("AveragePool", [input], [batch, channels, ...pooled], {
    kernel_shape: stride,
    strides: stride,
  });
  if (!tape.watches(input)) return output;
  return tape.record(output, (gradient) => {
    const blocks = pooled.flatMap((extent, axis) => [extent, stride[axis] as number]);
    const single = pooled.flatMap((extent) => [extent, 1]);
    const share = graph.multiply(gradient, graph.scalar(1 / elementCount(stride)));
    const spread = graph.expand(graph.reshape(share, [batch, channels, ...single]), [batch, channels, ...blocks]);
    tape.addGradient(input, graph.reshape(spread, input.shape));
  });
}
