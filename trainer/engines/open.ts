import { PatchstreamError } from "../../plan/errors.js";
import type { Engine } from "./engine.js";
import { openOnnxEngine } from "./onnx/engine.js";
import { openTfjsEngine } from "./tfjs/engine.js";

/** Engines in the order in which `auto` tries them. */
const openers = {
  "onnx-cuda": () => openOnnxEngine("cuda"),
  onnx: () => openOnnxEngine("cpu"),
  "tfjs-node-gpu": () => openTfjsEngine("tfjs-node-gpu"),
  "tfjs-node": () => openTfjsEngine("tfjs-node"),
} satisfies Record<string, () => Promise<Engine>>;

type NamedEngine = keyof typeof openers;

/** Names for `openEngine`; `auto` is the first of the others that is usable. */
export const engineNames = ["auto", ...Object.keys(openers)] as ("auto" | NamedEngine)[];

const isEngine = (name: string): name is NamedEngine => Object.hasOwn(openers, name);

/**
 * Opens an engine by name. Throws ENGINE_MISSING with the npm command where it is not usable, NOT_FOUND for another name.
 * Under `auto` each engine that is passed over is told to `notice` in one line.
 */
export async function openEngine(name: string, notice: (line: string) => void): Promise<Engine> {
  if (isEngine(name)) return openers[name]();
  if (name !== "auto") throw new PatchstreamError({ code: "NOT_FOUND", what: "engine", name, known: engineNames });
  for (const open of Object.values(openers)) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof PatchstreamError && error.code === "ENGINE_MISSING")) throw error;
      notice(error.message);
    }
  }
  throw new PatchstreamError(
    { code: "ENGINE_MISSING", engine: "auto", reason: "no package that can train is installed" },
    "Run: npm install onnxruntime-node",
  );
}
