import type { Zyx } from "../../../../plan/zyx.js";
import { elementCount } from "../../../networks/parameter.js";
import { trilinear } from "../../trilinear.js";
import type { Value } from "../graph.js";
import type { Tape } from "../tape.js";

/** Adds positions (1,voxels of grid,C), interpolated to the input's size where it is not `grid`, to (B,C,Z,Y,X). */
export function addPositions(tape: Tape, input: Value, positions: Value, grid: Zyx): Value {
  const { graph } = tape;
  const [, channels, ...size] = input.shape as [number, number, number, number, number];
  const [voxels, held] = [elementCount(size), elementCount(grid)];
  const moved = grid.join() !== size.join();
  const matrix = moved ? graph.floats(trilinear(grid, size as Zyx), [voxels, held]) : undefined;
  const table = graph.reshape(positions, [held, channels]);
  const sampled = matrix ? graph.matmul(matrix, table) : table;
  const map = graph.reshape(graph.transpose(sampled, [1, 0]), [1, channels, ...size]);
  return tape.record(graph.add(input, map), (gradient) => {
    if (tape.watches(input)) tape.addGradient(input, gradient);
    const summed = graph.reshape(graph.sum(gradient, [0]), [channels, voxels]);
    const ofSampled = graph.transpose(summed, [1, 0]);
    const ofTable = matrix ? graph.matmul(graph.transpose(matrix, [1, 0]), ofSampled) : ofSampled;
    tape.addGradient(positions, graph.reshape(ofTable, positions.shape));
  });
}
