import { importUserModule, type WantedModule } from "../../disk/user-module.js";
import type { TrainingEngine } from "./engine.js";
import { openTrainingEngine } from "./open.js";

const WANTED: WantedModule = {
  exports: "openEngine",
  want: "a module whose openEngine() gives a TrainingEngine",
  page: "docs/how-to/extend-the-engine.md",
};

/** Whether an engine is named by the address of a module: whoever starts a trainer may do so, a run spec may not. */
export function isEngineModule(name: string): boolean {
  return name.startsWith("file:");
}

/** Imports a module of the caller's and opens its engine. Throws INPUT_DAMAGED where it has none, or fails. */
export async function openEngineModule(url: string): Promise<TrainingEngine> {
  const { open, refused } = await importUserModule(url, WANTED);
  const engine = (await open()) as Partial<TrainingEngine> | undefined;
  if (typeof engine?.name !== "string" || typeof engine.createModel !== "function")
    throw refused("what openEngine gives has no name and createModel");
  return engine as TrainingEngine;
}

/** Opens the engine that a trainer has chosen: one by name as `openTrainingEngine`, or that of a module as `openEngineModule`. */
export async function openChosenEngine(engine: string, notice: (line: string) => void): Promise<TrainingEngine> {
  return isEngineModule(engine) ? openEngineModule(engine) : openTrainingEngine(engine, notice);
}
