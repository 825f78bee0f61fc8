import type { TargetReading } from "../../target-reading.js";
import type { GraphBuilder, Value } from "../graph.js";

/** What a label wants of a network's outputs, as zeros and ones. */
export interface Target {
  /** (B,K,V): 1 where a voxel belongs to an output's class or region. */
  readonly truth: Value;
  /** (B,1,V): 1 where a voxel counts. */
  readonly counts: Value;
}

/** The target of a label (B,1,V) of stored values, as floats. */
export function readTarget(graph: GraphBuilder, label: Value, { kind, outputs, values }: TargetReading): Target {
  const each = oneHot(graph, label, values);
  const counts = graph.sum(each, [1]);
  if (kind === "classes") return { truth: each, counts };
  const members = outputs.flatMap((of) => Array.from({ length: values }, (_, value) => Number(of.includes(value))));
  return { truth: graph.matmul(graph.floats(members, [1, outputs.length, values]), each), counts };
}

/** (B,1,V) indices, as floats, to (B,`count`,V) zeros and ones; one that is not below `count` gives zeros. */
export function oneHot(graph: GraphBuilder, indices: Value, count: number): Value {
  const [batch, , voxels] = indices.shape as [number, number, number];
  const all = graph.floats(
    Array.from({ length: count }, (_, index) => index),
    [1, count, 1],
  );
  return graph.cast(graph.apply("Equal", [indices, all], [batch, count, voxels]));
}
