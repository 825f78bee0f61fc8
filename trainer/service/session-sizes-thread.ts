/** The task of `SessionSizes`, run in its thread. */
import { peakBytes } from "../engines/onnx/peak-memory.js";
import { keptBytes } from "../engines/onnx/sessions.js";
import { predictionGraph, stepGraph, validationGraph } from "../engines/onnx/step-graph.js";
import type { SessionSize, SizedTask, SizesOf } from "./session-sizes.js";

export default function sizesOf({ network, kind, tasks }: SizesOf): SessionSize[] {
  const graphOf = ({ task, ...shape }: SizedTask) => {
    if (task === "predict") return predictionGraph(network, shape);
    return task === "validate" ? validationGraph(network, shape, kind) : stepGraph(network, shape, kind);
  };
  return tasks.map((task) => {
    const graph = graphOf(task);
    return { keptBytes: keptBytes(graph), runBytes: peakBytes(graph) };
  });
}
