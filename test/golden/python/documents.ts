import { goldenCurricula } from "./curricula.js";
import { goldenDraws } from "./draws.js";
import { goldenBoxes, goldenSplits } from "./places.js";
import { goldenRuns } from "./runs.js";

/** Where the files lie, from the root of the project. */
export const FOLDER = "client/python/tests/plan/golden";

/** What the Python package's plan is compared with: the JSON of each file, an entry a line. */
export function goldenDocuments(): ReadonlyMap<string, string> {
  const entries: Readonly<Record<string, readonly unknown[]>> = {
    "draws.json": goldenDraws(),
    "curricula.json": goldenCurricula(),
    "boxes.json": goldenBoxes(),
    "splits.json": goldenSplits(),
    "runs.json": goldenRuns(),
  };
  const text = (list: readonly unknown[]) => `[\n${list.map((entry) => JSON.stringify(entry)).join(",\n")}\n]\n`;
  return new Map(Object.entries(entries).map(([name, list]) => [name, text(list)]));
}
