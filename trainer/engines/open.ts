import { existsSync } from "node:fs";
import { PatchstreamError } from "../../plan/errors.js";
import type { TrainingEngine } from "./engine.js";

/** Device files of NVIDIA's driver on Linux, and of the one in Windows' Linux subsystem. */
const GPU_DEVICES = ["/dev/nvidiactl", "/dev/dxg"];

/** Engines in the order in which `auto` tries them. Each is loaded when it is opened. */
const openers = {
  "onnx-cuda": async () => (await import("./onnx/engine.js")).openOnnxEngine("cuda"),
  onnx: async () => (await import("./onnx/engine.js")).openOnnxEngine("cpu"),
  "tfjs-node-gpu": async () => (await import("./tfjs/engine.js")).openTfjsEngine("tfjs-node-gpu"),
  "tfjs-node": async () => (await import("./tfjs/engine.js")).openTfjsEngine("tfjs-node"),
} satisfies Record<string, () => Promise<TrainingEngine>>;

type NamedEngine = keyof typeof openers;

const onGpu: readonly NamedEngine[] = ["onnx-cuda", "tfjs-node-gpu"];

/** Names for `openTrainingEngine`; `auto` is the first of the others that is usable. */
export const engineNames = ["auto", ...Object.keys(openers)] as ("auto" | NamedEngine)[];

const isEngine = (name: string): name is NamedEngine => Object.hasOwn(openers, name);

/** Throws NOT_FOUND for a name that is none of `engineNames`. */
export function checkEngineName(name: string): void {
  if (name !== "auto" && !isEngine(name))
    throw new PatchstreamError({ code: "NOT_FOUND", what: "engine", name, known: engineNames });
}

/**
 * Opens an engine by name. Throws ENGINE_MISSING with the npm command where it is not usable, NOT_FOUND for another name.
 * Under `auto` each engine that is passed over is told to `notice` in one line, those for a GPU only where there is one.
 */
export async function openTrainingEngine(name: string, notice: (line: string) => void): Promise<TrainingEngine> {
  if (isEngine(name)) return openers[name]();
  checkEngineName(name);
  const hasGpu = GPU_DEVICES.some((device) => existsSync(device));
  for (const [candidate, open] of Object.entries(openers) as [NamedEngine, () => Promise<TrainingEngine>][]) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof PatchstreamError && error.code === "ENGINE_MISSING")) throw error;
      if (hasGpu || !onGpu.includes(candidate)) notice(error.message);
    }
  }
  throw new PatchstreamError(
    { code: "ENGINE_MISSING", engine: "auto", reason: "no package that can train is installed" },
    "Run: npm install onnxruntime-node",
  );
}
