import type { DatasetInfo, RunInfo } from "../../client/index.js";
import { canonicalJson, type ResolvedSpec, type Zyx } from "../../plan/index.js";
import {
  foregroundClasses,
  type NetworkDescription,
  networkFor,
  networkSize,
  parseTrainingSpec,
} from "../../trainer/index.js";
import { costOf, type RunCost } from "../spec/estimate.js";
import { combinationOf, inCombination, type StudyRun } from "../spec/grid.js";
import type { Settings } from "../spec/study-spec.js";
import type { OpenDataset } from "./open-datasets.js";

/** A run that its data servers have described, and whose network takes every stage of it. */
export interface PreparedRun extends Pick<StudyRun, "name" | "point"> {
  /** Its run spec as the trainer gets it. It names the store's digest: the same document is the same batches. */
  readonly document: { readonly data: Settings; readonly training: Settings };
  /** Digest of its batches. */
  readonly digest: string;
  readonly spec: ResolvedSpec;
  readonly network: NetworkDescription;
  readonly cost: RunCost;
  readonly dataset: OpenDataset;
  /** Names of the foreground classes or regions. */
  readonly classes: readonly string[];
}

/** Prepares the runs of a study. Throws SPEC_INVALID for one that cannot be, naming the field and its combination. */
export async function prepareRuns(
  runs: readonly StudyRun[],
  datasets: readonly OpenDataset[],
): Promise<readonly PreparedRun[]> {
  const described = new Map<string, Pick<RunInfo, "spec" | "digest">>();
  const prepared: PreparedRun[] = [];
  for (const run of runs) {
    const dataset = datasets.find(({ source }) => source.name === run.point.dataset);
    if (dataset === undefined) continue;
    const { info, client } = dataset;
    const data = { ...run.data, dataset: info.name, datasetDigest: info.digest };
    const bytes = canonicalJson(data);
    try {
      const { spec, digest } = described.get(bytes) ?? (await client.describeRun(Buffer.from(bytes)));
      described.set(bytes, { spec, digest });
      const network = networkFor(spec, parseTrainingSpec(run.training), networkSize(info));
      prepared.push({
        name: run.name,
        point: run.point,
        document: { data, training: run.training },
        ...{ digest, spec, network, dataset },
        cost: costOf(spec, network, heldOutShapes(spec, info)),
        classes: foregroundClasses(info).map(({ name }) => name),
      });
    } catch (error) {
      throw inCombination(combinationOf(run.point), error);
    }
  }
  return prepared;
}

/** Stored sizes (Z,Y,X) of the held-out cases. */
function heldOutShapes({ split }: ResolvedSpec, { cases }: DatasetInfo): Zyx[] {
  const held = new Set(split.val);
  return cases.filter(({ id }) => held.has(id)).map(({ shape: [, z, y, x] }) => [z, y, x]);
}
