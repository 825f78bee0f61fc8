import { elementCount } from "../../../networks/parameter.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";
import { sumOfProducts } from "./sum-of-products.js";

/** The channels of each voxel of (B,C,Z,Y,X) times a matrix (O,C), plus a bias (O) where there is one. */
export function linear(tape: Tape, input: Value, weight: Value, bias: Value | undefined): Value {
  const { graph } = tape;
  const [batch, inputs, ...size] = input.shape as [number, number, number, number, number];
  const [outputs] = weight.shape as [number, number];
  const voxels = elementCount(size);
  const flat = graph.reshape(input, [batch, inputs, voxels]);
  const product = graph.matmul(weight, flat);
  const moved = bias ? graph.add(product, graph.reshape(bias, [1, outputs, 1])) : product;

  return tape.record(graph.reshape(moved, [batch, outputs, ...size]), (gradient) => {
    const arrived = graph.reshape(gradient, [batch, outputs, voxels]);
    if (bias) tape.addGradient(bias, graph.reshape(graph.sum(arrived, [0, 2]), bias.shape));
    tape.addGradient(weight, sumOfProducts(graph, arrived, flat));
    if (!tape.watches(input)) return;
    tape.addGradient(input, graph.reshape(graph.matmul(graph.transpose(weight, [1, 0]), arrived), input.shape));
  });
}
