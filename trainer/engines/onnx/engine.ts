import type { TrainingEngine } from "../engine.js";
import { OnnxModel } from "./model.js";
import { openRuntime } from "./runtime.js";

/** The engine on onnxruntime-node. Throws ENGINE_MISSING where the package or the provider is not usable. */
export async function openOnnxEngine(provider: "cpu" | "cuda"): Promise<TrainingEngine> {
  const runtime = await openRuntime(provider);
  return {
    name: provider === "cuda" ? "onnx-cuda" : "onnx",
    createModel: async (network, options) => new OnnxModel(runtime, network, options),
  };
}
