import { type EngineState, surveyEngines } from "../../trainer/index.js";
import { alignColumns } from "../columns.js";
import { printJson } from "../output.js";

/** Prints which engines can train on this machine, and why the others cannot. */
export async function tellEngines({ json }: { readonly json?: boolean }): Promise<void> {
  const engines = await surveyEngines();
  if (json) printJson({ engines });
  else process.stdout.write(enginesText(engines));
}

function enginesText(engines: readonly EngineState[]): string {
  const first = engines.find(({ usable }) => usable);
  const rows = engines.map((engine) => [engine.name, engine.usable ? "usable" : `not usable: ${engine.reason}`]);
  const hints = engines.flatMap((engine) =>
    engine.usable || engine.hint === undefined ? [] : [[engine.name, engine.hint]],
  );
  const auto = first ? `auto is ${first.name}` : "auto finds none: no training can run here";
  return [
    alignColumns([["engine", "on this machine"], ...rows], [0, 1]),
    `${auto}\n`,
    ...(hints.length === 0 ? [] : ["\n", ...hints.map(([name, hint]) => `${name}: ${hint}\n`)]),
  ].join("");
}
