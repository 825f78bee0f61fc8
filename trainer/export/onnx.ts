import { encodeModel } from "../engines/onnx/model-proto.js";
import { openGraph } from "../engines/onnx/open-graph.js";
import { patchGraph } from "../engines/onnx/patch-graph.js";
import { mirrorAxes } from "../inference/mirror.js";
import type { SavedModel } from "../inference/predictor.js";
import { weightsOf } from "./weights.js";

/**
 * A model as one ONNX file that any runtime takes: `image` (batch, channels, depth, height, width) float32, preprocessed, to `logits` of the
 * same size. The batch is free; so are the sizes of a U-Net, as far as it can halve them, while a transformer takes the plan's patch alone.
 * Its metadata `patchstream` (JSON) says the rest of what a prediction needs.
 */
export function exportOnnx({ checkpoint, trainedOn }: SavedModel): Uint8Array {
  const { network, model, spec } = checkpoint;
  const { patchSize } = spec.plan;
  const graph =
    network.kind === "plain-unet" || network.kind === "residual-unet"
      ? openGraph(network, weightsOf(model), patchSize)
      : patchGraph(network, weightsOf(model), patchSize);
  const facts = { patchSize, mirrorAxes: mirrorAxes(spec), ...trainedOn };
  return encodeModel(graph, { patchstream: JSON.stringify(facts) });
}
