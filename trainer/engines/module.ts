import { PatchstreamError } from "../../plan/errors.js";
import type { TrainingEngine } from "./engine.js";
import { openTrainingEngine } from "./open.js";

/** Whether an engine is named by the address of a module: whoever starts a trainer may do so, a run spec may not. */
export function isEngineModule(name: string): boolean {
  return name.startsWith("file:");
}

/** Imports a module of the caller's and opens its engine. Throws INPUT_DAMAGED where it has none, and what `openEngine` throws. */
export async function openEngineModule(url: string): Promise<TrainingEngine> {
  const refused = (reason: string, cause?: unknown) =>
    new PatchstreamError(
      { code: "INPUT_DAMAGED", file: url, reason, want: "a module whose openEngine() gives a TrainingEngine" },
      "See docs/how-to/extend-the-engine.md.",
      { cause },
    );
  let module: { openEngine?: () => Promise<Partial<TrainingEngine>> };
  try {
    module = await import(url);
  } catch (error) {
    throw refused(`it cannot be imported: ${(error as Error).message}`, error);
  }
  if (typeof module.openEngine !== "function") throw refused("it exports no function openEngine");
  const engine: Partial<TrainingEngine> | undefined = await module.openEngine();
  if (typeof engine?.name !== "string" || typeof engine.createModel !== "function")
    throw refused("what openEngine gives has no name and createModel");
  return engine as TrainingEngine;
}

/** Opens the engine that a trainer has chosen: one by name as `openTrainingEngine`, or that of a module as `openEngineModule`. */
export async function openChosenEngine(engine: string, notice: (line: string) => void): Promise<TrainingEngine> {
  return isEngineModule(engine) ? openEngineModule(engine) : openTrainingEngine(engine, notice);
}
