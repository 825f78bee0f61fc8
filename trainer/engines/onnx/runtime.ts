import { PatchstreamError } from "../../../plan/errors.js";
import { firstLine } from "../first-line.js";
import { GraphBuilder } from "./graph.js";
import { encodeModel } from "./model-proto.js";

type OrtModule = typeof import("onnxruntime-node");

/** onnxruntime-node and the execution provider that its sessions use. */
export interface OnnxRuntime {
  readonly ort: OrtModule;
  readonly provider: "cpu" | "cuda";
}

/** A graph that doubles one number: the smallest session that shows whether a provider works. */
function probeModel(): Uint8Array {
  const graph = new GraphBuilder();
  const input = graph.input("input", [1]);
  graph.output("output", graph.add(input, input));
  return encodeModel(graph.build());
}

/**
 * onnxruntime-node with `provider`, tried with a session. Throws ENGINE_MISSING when the package or the provider (for
 * cuda: an NVIDIA GPU, CUDA 12, cuDNN 9 and the provider's library) is not there.
 */
export async function openRuntime(provider: "cpu" | "cuda"): Promise<OnnxRuntime> {
  const engine = provider === "cuda" ? "onnx-cuda" : "onnx";
  const ort = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new PatchstreamError(
      { code: "ENGINE_MISSING", engine, reason: "the package onnxruntime-node is not installed" },
      "Run: npm install onnxruntime-node",
      { cause },
    );
  });
  ort.env.logLevel = "fatal"; // what fails also throws; the log would repeat it on stderr
  try {
    const session = await ort.InferenceSession.create(probeModel(), { executionProviders: [provider] });
    await session.release();
  } catch (cause) {
    throw new PatchstreamError(
      {
        code: "ENGINE_MISSING",
        engine,
        reason: `onnxruntime-node cannot open its ${provider} provider (${firstLine(cause)})`,
      },
      provider === "cuda"
        ? "It needs an NVIDIA GPU, CUDA 12 and cuDNN 9. Run: npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12"
        : "Run: npm install onnxruntime-node",
      { cause },
    );
  }
  return { ort, provider };
}
