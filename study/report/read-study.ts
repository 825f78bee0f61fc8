import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkNamedFolder, readNamedJson } from "../../disk/index.js";
import { canonicalJson } from "../../plan/index.js";
import { parseRunResult, parseStudyDatasets } from "../parse-result.js";
import type { RunResult, StudyDataset, StudyPoint } from "../run-result.js";
import { runsOf } from "../spec/grid.js";
import { parseStudySpec } from "../spec/parse-study.js";

/** What a study has left until now. */
export interface Study {
  /** The resolved document, as it is. */
  readonly document: unknown;
  /** Runs that the document has in all. */
  readonly planned: number;
  readonly datasets: readonly StudyDataset[];
  /** Runs that have ended, in the order of their points. */
  readonly runs: readonly RunResult[];
}

/** Reads a study's folder. Runs without a result yet are left out. Throws INPUT_DAMAGED for what is there and is not what it should be. */
export function readStudy(folder: string): Study {
  checkNamedFolder(folder, "the folder of a study");
  const read = (name: string) => readNamedJson(join(folder, name), "what `patchstream study` wrote");
  const document = read("study.json");
  const datasets = parseStudyDatasets(read("datasets.json"), join(folder, "datasets.json"));
  const results = existsSync(join(folder, "runs")) ? readdirSync(join(folder, "runs")) : [];
  const runs = results
    .map((name) => join("runs", name, "result.json"))
    .filter((file) => existsSync(join(folder, file)))
    .map((file) => parseRunResult(read(file), join(folder, file)));
  return { document, planned: runsOf(parseStudySpec(document)).length, datasets, runs: inOrder(runs) };
}

/** Runs in the order of their points: what the report holds does not depend on how folders are named and listed. */
function inOrder(runs: readonly RunResult[]): RunResult[] {
  const key = ({ dataset, network, method, strategy, mirroring, length, fold, seed }: StudyPoint) => [
    dataset,
    network,
    method,
    strategy,
    String(mirroring),
    length,
    fold,
    seed,
  ];
  return [...runs].sort((a, b) => compare(key(a.point), key(b.point)));
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i] ?? "";
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** The document as text that does not depend on the order of its fields, nor on where its stores lie; lists of values stand on one line. */
export function documentText({ document }: Study): string {
  const named = JSON.parse(canonicalJson(document), (field, value) =>
    field === "store" && typeof value === "string" ? storeName(value) : value,
  );
  const text = JSON.stringify(named, null, 2);
  return text.replaceAll(/\[\n[^[\]{}]*\]/g, (list) =>
    list.replaceAll(/\n */g, " ").replace("[ ", "[").replace(/ \]$/, "]"),
  );
}

/** The last part of a folder or an address: a report is shown to others, and they have other folders. */
function storeName(store: string): string {
  return /([^/?#]+)\/*(?:[?#].*)?$/.exec(store)?.[1] ?? store;
}
