import type { TargetReading } from "../../target-reading.js";
import type { GraphBuilder, Value } from "../graph.js";
import { oneHot, type Target } from "./target.js";

/** Voxels of each sample and output, each (B,K,1): exact, as a sample has less than 2^24. */
export interface OutputVoxels {
  readonly predicted: Value;
  readonly wanted: Value;
  readonly both: Value;
}

/** Voxels that logits (B,K,V) predict and a target wants, those alone that count (nnU-Net, `validation_step`). */
export function hardCounts(graph: GraphBuilder, logits: Value, target: Target, reading: TargetReading): OutputVoxels {
  const predicted = graph.multiply(hardPrediction(graph, logits, reading), target.counts);
  const voxels = (value: Value): Value => graph.sum(value, [2]);
  return {
    predicted: voxels(predicted),
    wanted: voxels(target.truth),
    both: voxels(graph.multiply(predicted, target.truth)),
  };
}

/** (B,K,V) zeros and ones: the class of the largest logit, the first of equals, or every region whose sigmoid is above 0.5. */
function hardPrediction(graph: GraphBuilder, logits: Value, { kind }: TargetReading): Value {
  const [batch, outputs, voxels] = logits.shape as [number, number, number];
  if (kind === "classes") {
    const largest = graph.apply("ArgMax", [logits], [batch, 1, voxels], { axis: 1, keepdims: 1 });
    return oneHot(graph, graph.cast(largest), outputs);
  }
  const probability = graph.apply("Sigmoid", [logits], logits.shape);
  return graph.cast(graph.apply("Greater", [probability, graph.scalar(0.5)], logits.shape));
}
