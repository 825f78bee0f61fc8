import test from "ava";
import { PatchstreamError } from "../../../plan/errors.js";
import type { TrainingEngine } from "../../../trainer/engines/engine.js";
import { engineNames, openTrainingEngine } from "../../../trainer/engines/open.js";

/** An engine that is usable here, or why it is not. */
type AtHand = { readonly name: string } & ({ readonly engine: TrainingEngine } | { readonly missing: string });

async function tryEngine(name: string): Promise<AtHand> {
  const unexpected = (line: string): never => {
    throw new Error(`a named engine gave the notice: ${line}`);
  };
  try {
    return { name, engine: await openTrainingEngine(name, unexpected) };
  } catch (error) {
    if (error instanceof PatchstreamError && error.code === "ENGINE_MISSING") return { name, missing: error.message };
    throw error;
  }
}

const engines: AtHand[] = [];
for (const name of engineNames.slice(1)) engines.push(await tryEngine(name));

/** Calls `declare` for each engine that is usable here and not in `except`; of others one test says SKIPPED and why. */
export function declareForEach(declare: (engine: TrainingEngine) => void, except: readonly string[] = []): void {
  for (const one of engines) {
    if (except.includes(one.name)) continue;
    if ("engine" in one) declare(one.engine);
    else
      test(`${one.name} is held to the same where it is usable`, (t) => {
        t.log(`SKIPPED: ${one.missing}`);
        t.pass();
      });
  }
}
