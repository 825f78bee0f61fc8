import { availableParallelism } from "node:os";
import { PatchstreamError } from "../../plan/errors.js";
import type { RunResult } from "../run-result.js";
import { type Pace, paceOfRuns, secondsOf } from "../spec/estimate.js";
import { runsOf, type StudyRun } from "../spec/grid.js";
import type { StudySpec } from "../spec/study-spec.js";
import type { StartService } from "./child-services.js";
import { datasetFacts } from "./dataset-facts.js";
import { measurePace } from "./measure-pace.js";
import { OpenDatasets } from "./open-datasets.js";
import { type PreparedRun, prepareRuns } from "./prepare-runs.js";
import type { StudyFolder } from "./study-folder.js";

/** What the study's own trainer has of this machine. */
export interface Machine {
  /** Where it keeps its trainings. */
  readonly trainings: string;
  /** CPU threads; undefined: as many as the machine has. */
  readonly threads: number | undefined;
  /** Whether one run is trained by itself: others may be trained here by other processes. It is held from when the study is opened. */
  readonly isSingle: boolean;
}

/** One run by itself, beside others of the study in other processes. */
export interface SingleRun {
  readonly name: string;
  /** CPU threads that it may take; undefined: all. */
  readonly threads: number | undefined;
}

/** A study whose data sets are served, and whose runs are known to be possible. Disposing it ends its data servers. */
export interface OpenStudy extends AsyncDisposable {
  readonly spec: StudySpec;
  readonly folder: StudyFolder;
  readonly startService: StartService;
  readonly machine: Machine;
  readonly runs: readonly PreparedRun[];
  /** Of the runs that are done, by name. */
  readonly results: ReadonlyMap<string, RunResult>;
  /** Undefined where nothing was measured yet: on trainers that run elsewhere before a run is done. */
  readonly pace: Pace | undefined;
  /** Of the runs that are not done, as many at a time as there are places. */
  readonly secondsLeft: number | undefined;
  /** Rejects when a data server of the study ends by itself; never resolves. */
  readonly lost: Promise<never>;
  /** Writes down what the study is, and what its data sets are. */
  begin(): Promise<void>;
}

export interface OpenStudyOptions extends Pick<OpenStudy, "folder" | "startService"> {
  /** What the study's own data servers are started with beside its stores. Default: nothing. */
  readonly storeArguments?: readonly string[];
  /** Only this run of it. Default: all. */
  readonly single?: SingleRun | undefined;
  /** Whether steps of its networks are measured on this machine where no run tells how long they take. Default: true. */
  readonly isMeasured?: boolean;
}

/** Opens a study, of which some runs may be done in `folder`, or one run of it. Throws what is wrong with it, before anything is trained. */
export async function openStudy(
  spec: StudySpec,
  { folder, startService, storeArguments = [], single, isMeasured = true }: OpenStudyOptions,
): Promise<OpenStudy> {
  const planned = single === undefined ? runsOf(spec) : [runNamed(spec, single.name)];
  const machine = single
    ? { trainings: folder.trainingsOf(single), threads: single.threads, isSingle: true }
    : { trainings: folder.trainings, threads: undefined, isSingle: false };
  const held = single && folder.lockRun(single);
  const datasets = new OpenDatasets({ startService, storeArguments });
  const close = async () => {
    await datasets[Symbol.asyncDispose]();
    held?.[Symbol.dispose]();
  };
  try {
    for (const source of spec.datasets)
      if (planned.some(({ point }) => point.dataset === source.name)) await datasets.open(source);
    const runs = await prepareRuns(planned, datasets.all);
    for (const run of runs) folder.checkSame(run);
    const results = resultsOf(runs, folder);
    const open = runs.filter(({ name }) => !results.has(name));
    const pace = paceSoFar(runs, results) ?? (isMeasured ? await measured(spec, runs) : undefined);
    return {
      ...{ spec, folder, startService, machine, runs, results, pace },
      secondsLeft: pace && secondsFor(open, pace, Math.max(1, spec.trainers.length) * spec.atOnce),
      lost: datasets.lost,
      begin: () => writeDown(spec, { folder, datasets, runs }),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function resultsOf(runs: readonly PreparedRun[], folder: StudyFolder): Map<string, RunResult> {
  const found = runs.map((run) => [run.name, folder.readResult(run)] as const);
  return new Map(found.flatMap(([name, result]) => (result === undefined ? [] : [[name, result]])));
}

/** The run of a study that has that name. Throws NOT_FOUND. */
function runNamed(spec: StudySpec, name: string): StudyRun {
  const all = runsOf(spec);
  const found = all.find((run) => run.name === name);
  if (found !== undefined) return found;
  const hint = `The study has ${all.length} runs, such as ${all[0]?.name}.`;
  throw new PatchstreamError({ code: "NOT_FOUND", what: "run", name, known: [] }, hint);
}

/** Of the runs that are done. */
function paceSoFar(runs: readonly PreparedRun[], results: ReadonlyMap<string, RunResult>): Pace | undefined {
  const done = runs.flatMap(({ name, cost }) => {
    const result = results.get(name);
    return result === undefined ? [] : [{ result, cost }];
  });
  const networks = [...new Set(runs.map(({ point }) => point.network))];
  return paceOfRuns(done, networks);
}

/** Of a step of each network; undefined where trainers are elsewhere. */
async function measured({ trainers, atOnce }: StudySpec, runs: readonly PreparedRun[]): Promise<Pace | undefined> {
  if (trainers.length > 0) return undefined;
  return measurePace(runs, Math.max(1, Math.floor(availableParallelism() / atOnce)));
}

function secondsFor(runs: readonly PreparedRun[], pace: Pace, places: number): number {
  return runs.reduce((sum, { cost, point }) => sum + (secondsOf(cost, point.network, pace)?.whole ?? 0), 0) / places;
}

async function writeDown(
  spec: StudySpec,
  { folder, datasets, runs }: { folder: StudyFolder; datasets: OpenDatasets; runs: readonly PreparedRun[] },
): Promise<void> {
  folder.writeSpec(spec);
  const known = folder.readDatasets();
  const facts = [];
  for (const dataset of datasets.all) {
    const { name } = dataset.source;
    const plan = runs.find(({ point }) => point.dataset === name)?.spec.plan ?? dataset.info.plan;
    facts.push(known.find((one) => one.name === name) ?? (await datasetFacts(dataset, plan.patchSize)));
  }
  folder.writeDatasets(facts);
}
