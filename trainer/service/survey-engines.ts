import { PatchstreamError } from "../../plan/errors.js";
import { engineNames } from "../engines/open.js";
import { tryEngine } from "./engines.js";

/** Whether an engine can train on this machine, and if not, why and what would mend it. */
export type EngineState =
  | { readonly name: string; readonly usable: true }
  | { readonly name: string; readonly usable: false; readonly reason: string; readonly hint?: string };

const unheard = () => undefined;

/**
 * Tries every engine but "auto", in the order in which "auto" does, each in a process of its own: a native library that crashes is an
 * engine that is not usable.
 */
export async function surveyEngines(): Promise<readonly EngineState[]> {
  const states: EngineState[] = [];
  for (const name of engineNames.slice(1)) states.push(await stateOf(name));
  return states;
}

async function stateOf(name: string): Promise<EngineState> {
  try {
    await tryEngine(name, { notice: unheard, log: unheard });
    return { name, usable: true };
  } catch (error) {
    if (!(error instanceof PatchstreamError)) throw error;
    const { facts, hint } = error;
    if (facts.code !== "ENGINE_MISSING" && facts.code !== "PROCESS_DIED") throw error;
    return { name, usable: false, reason: facts.reason, ...(hint !== undefined && { hint }) };
  }
}
