import { PatchstreamError } from "../../plan/errors.js";
import { encodeModel } from "../engines/onnx/model-proto.js";
import { openGraph } from "../engines/onnx/open-graph.js";
import { mirrorAxes } from "../inference/mirror.js";
import type { SavedModel } from "../inference/predictor.js";
import { weightsOf } from "./weights.js";

/**
 * A model as one ONNX file that any runtime takes: `image` (batch, channels, depth, height, width) float32, preprocessed, to `logits` of the
 * same size. Batch and sizes are free, the latter as far as the network can halve them. Its metadata `patchstream` (JSON) says the rest
 * of what a prediction needs. Throws UNSUPPORTED for a network whose size is fixed.
 */
export function exportOnnx({ checkpoint, trainedOn }: SavedModel): Uint8Array {
  const { network, model, spec } = checkpoint;
  if (network.kind !== "plain-unet" && network.kind !== "residual-unet")
    throw new PatchstreamError({ code: "UNSUPPORTED", what: `ONNX of the network ${network.kind}`, want: "a U-Net" });
  const { patchSize } = spec.plan;
  const graph = openGraph(network, weightsOf(model), patchSize);
  const facts = { patchSize, mirrorAxes: mirrorAxes(spec), ...trainedOn };
  return encodeModel(graph, { patchstream: JSON.stringify(facts) });
}
