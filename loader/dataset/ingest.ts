import { availableParallelism } from "node:os";
import { basename, resolve, sep } from "node:path";
import { Piscina } from "piscina";
import { lockFolder } from "../../disk/process-lock.js";
import { readNamedJson } from "../../disk/read-file.js";
import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import { PatchstreamError, refuse as refuseSpec } from "../../plan/errors.js";
import { locationClasses, valuesOfClass } from "../../plan/label-set.js";
import { finishStore, indented } from "./finish-store.js";
import { foldersOf, freeName, readGenerations, removeUnfinished } from "./generations.js";
import type { MeasuredCase, MeasureTask, Outcome, SentFailure, StoreTask } from "./ingest-worker.js";
import { labelRecordOf } from "./label-record.js";
import { type DatasetFingerprint, fingerprintDataset } from "./planner/fingerprint.js";
import { planDataset } from "./planner/make-plans.js";
import { parsePlans } from "./planner/parse-plans.js";
import type { PlannerName } from "./planner/planners.js";
import { whatDecides } from "./preprocess/normalize.js";
import type { PreprocessSettings } from "./preprocess/preprocess-case.js";
import { checkName, type FilePlaces, type RawCase, type RawDataset, readRawDataset } from "./raw/list-cases.js";
import type { CaseRules, ToleratedFlaw } from "./raw/read-raw-case.js";
import { refuseOtherData, type WantedStore } from "./refuse-other-data.js";
import { refuseRemote } from "./remote/store-address.js";
import { sha256 } from "./sha256.js";
import type { SealedCase } from "./store-metadata.js";

/** Rises whenever the same files and settings make other bytes, so that finished cases are made again. */
const PREPROCESSING = 2;

/** Held while a store is written. */
export const LOCK = { name: ".ingest-lock", doing: "is writing this store", hint: "Wait for it" };

/** How an ingest is done. */
export interface IngestOptions {
  /** The store's name; the raw folder's where absent. */
  readonly name?: string;
  /** A plans.json to follow; absent, nnU-Net's planner decides. */
  readonly plans?: string;
  /** Which of nnU-Net's planners, where no `plans` are given. Default: ExperimentPlanner, nnU-Net's own. */
  readonly planner?: PlannerName;
  /** What a damaged case does: end the ingest, or be left out and reported. Default: stop. */
  readonly onError?: "stop" | "skip";
  /** Voxels of NaN or infinity end their case, or are read as 0 and reported. Default: stop. */
  readonly nonfinite?: CaseRules["nonfinite"];
  /** Files whose origin or direction differs from the first image's end their case, or are taken and reported. Default: strict. */
  readonly geometry?: CaseRules["geometry"];
  /** Files that dataset.json names outside of its folder: refused, or read. Default: inside. */
  readonly files?: FilePlaces;
  /**
   * Images without a label are stored for prediction: those of imagesTs, and those of imagesTr that labelsTr lacks. What is planned
   * comes from the labelled ones; where there are none, `plans` must be given. Default: false.
   */
  readonly unlabelled?: boolean;
  /** Write a new generation beside a finished store of other data, which is refused otherwise. Default: false. */
  readonly force?: boolean;
  /** Threads; 0: the caller's own, a case after the other, for a few small ones that threads would start longer than they work on. Default: one a core. */
  readonly workers?: number;
  /** Told of every case that has been measured or stored. */
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** A case has been measured, or is stored. `done` counts those of this pass, `total` all of it. */
export interface IngestProgress {
  readonly pass: "measure" | "store";
  readonly caseId: string;
  readonly done: number;
  readonly total: number;
}

/** A case that was left out. */
export interface SkippedCase {
  readonly file: string;
  readonly reason: string;
}

/** What an ingest made. */
export interface IngestReport {
  readonly name: string;
  readonly digest: string;
  /** Ids of the stored cases, sorted. */
  readonly cases: readonly string[];
  /** Those of them that have no label. */
  readonly unlabelled: readonly string[];
  readonly skipped: readonly SkippedCase[];
  /** What was wrong with files that were taken all the same, as `nonfinite` and `geometry` say. */
  readonly tolerated: readonly ToleratedFlaw[];
  readonly plan: NetworkPlan;
}

/**
 * Turns a raw data set (nnU-Net's or MSD's layout) into a store, or a finished store of the same data into itself. Cases are written
 * whole or not at all, and the store is selected in one step at the end; run again after an interruption it keeps what is finished
 * and was made of the same files and settings. The result does not depend on `workers`. Throws INPUT_DAMAGED, SPEC_INVALID,
 * WRITE_FAILED, UNAVAILABLE while another ingest writes the store, or ALREADY_EXISTS for a finished store of other data
 * without `force`.
 */
export async function ingest(
  rawFolder: string,
  storeFolder: string,
  options: IngestOptions = {},
): Promise<IngestReport> {
  refuseRemote(storeFolder, "store");
  const { name = basename(resolve(rawFolder)), force = false } = options;
  checkName("name", name);
  checkApart(resolve(rawFolder), resolve(storeFolder));
  const raw = readRawDataset(resolve(rawFolder), options.files, options.unlabelled);
  const givenPlans =
    options.plans === undefined ? undefined : readNamedJson(options.plans, "nnU-Net's plans.json (--plans)");
  if (givenPlans !== undefined) parsePlans(givenPlans, raw.channelNames.length);
  using _lock = lockFolder(storeFolder, LOCK);
  using _leavings = { [Symbol.dispose]: () => removeUnfinished(storeFolder) };
  const generations = readGenerations(storeFolder);
  const labelRecord = labelRecordOf(raw);
  const isComplete = options.onError !== "skip";
  const refuse = (wanted: Pick<WantedStore, "caseIds"> & Partial<WantedStore>) => {
    if (!force) refuseOtherData(storeFolder, generations.current, { ...raw, labelRecord, name, isComplete, ...wanted });
  };
  refuse({ caseIds: raw.cases.map(({ id }) => id) });

  await using workers = await startWorkers(options.workers ?? availableParallelism());
  const pass = passRunner(workers, options);
  const rules: CaseRules = {
    channelCount: raw.channelNames.length,
    countedIn: "dataset.json",
    labelValues: raw.sourceValues,
    nonfinite: options.nonfinite ?? "stop",
    geometry: options.geometry ?? "strict",
  };
  const measured = await pass<MeasuredCase>("measure", raw.cases, (one): MeasureTask => ({ raw: one, rules }));
  const labelled = [...measured.values.values()].filter(({ unlabelled }) => !unlabelled);
  const isForPrediction = labelled.length === 0 && measured.values.size > 0;
  const fingerprint = isForPrediction ? undefined : fingerprintOf(rawFolder, labelled);
  const plan = () =>
    fingerprint === undefined
      ? nothingToPlan(raw.cases)
      : planDataset(fingerprint, { ...raw, name }, options.planner ?? "ExperimentPlanner");
  const plansJson = givenPlans ?? plan();
  const { network, batchDice, maskedChannels, settings, settingsSha256 } = settingsFrom(plansJson, raw);
  const texts = {
    "plans.json": indented(plansJson),
    ...(fingerprint && { "dataset_fingerprint.json": indented(fingerprint) }),
  };
  const madeOf = new Map([...measured.values].map(([id, { sourceSha256 }]) => [id, { sourceSha256, settingsSha256 }]));
  refuse({ caseIds: [...madeOf.keys()], madeOf, plansSha256: sha256(texts["plans.json"]) });

  const kept = raw.cases.filter(({ id }) => measured.values.has(id));
  const stored = await pass<SealedCase>("store", kept, (one): StoreTask => {
    const { sourceSha256 } = measured.values.get(one.id) as MeasuredCase;
    const finished = foldersOf(storeFolder, generations, one.id);
    const folder = freeName(storeFolder, generations, one.id);
    return { raw: one, rules, store: storeFolder, finished, folder, settings, settingsSha256, sourceSha256 };
  });
  const cases = [...stored.values.values()];
  const caseIds = cases.map(({ id }) => id);
  refuse({ caseIds, isComplete: true });
  const { digest } = finishStore(
    storeFolder,
    generations,
    {
      name,
      channelNames: raw.channelNames,
      maskedChannels,
      ...labelRecord,
      classes: raw.classes,
      plan: network,
      batchDice,
      cases,
    },
    texts,
  );
  const skipped = [...measured.skipped, ...stored.skipped];
  const tolerated = [...measured.values.values()].flatMap((one) => one.tolerated);
  const unlabelled = cases.flatMap((one) => (one.unlabelled ? [one.id] : []));
  return { name, digest, cases: caseIds, unlabelled, skipped, tolerated, plan: network };
}

/** What a plans.json says of preprocessing, and the SHA-256 of what of it decides a stored case. */
function settingsFrom(plansJson: unknown, raw: RawDataset) {
  const plans = parsePlans(plansJson, raw.channelNames.length);
  const { network, batchDice, maskedChannels, transpose, spacingMm, normalizations } = plans;
  const classes = locationClasses(raw);
  const areSingle = raw.regions === undefined && raw.ignoreLabel === undefined;
  const settings: PreprocessSettings = {
    transpose,
    spacingMm,
    normalizations,
    classes,
    ...(!areSingle && { classValues: classes.map((of) => valuesOfClass(raw, of)) }),
  };
  const { sourceValues } = labelRecordOf(raw);
  const deciding = { ...settings, normalizations: normalizations.map(whatDecides), sourceValues };
  return {
    network,
    batchDice,
    maskedChannels,
    settings,
    settingsSha256: sha256(JSON.stringify({ PREPROCESSING, ...deciding })),
  };
}

/** Throws SPEC_INVALID for a store in its raw data's folder, or around it: the one would be taken for a part of the other. */
function checkApart(raw: string, store: string): void {
  const isIn = (inner: string, outer: string) => `${inner}${sep}`.startsWith(`${outer}${sep}`);
  if (isIn(store, raw) || isIn(raw, store))
    refuseSpec("the store's folder", store, `apart from the raw data's, ${raw}`);
}

/** What runs the functions of `ingest-worker.ts`. */
interface Workers extends AsyncDisposable {
  run(task: object, name: "measureCase" | "storeCase"): Promise<unknown>;
}

async function startWorkers(count: number): Promise<Workers> {
  return count === 0 ? inThisThread(await import("./ingest-worker.js")) : inThreads(count);
}

function inThreads(count: number): Workers {
  const pool = new Piscina({
    filename: new URL("./ingest-worker.js", import.meta.url).href,
    minThreads: 1,
    maxThreads: count,
  });
  return { run: (task, name) => pool.run(task, { name }), [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}

/** One task after the other, so that one case at a time is held; none after the first that the ingest ends with. */
function inThisThread({ measureCase, storeCase }: typeof import("./ingest-worker.js")): Workers {
  const works: Record<Parameters<Workers["run"]>[1], (task: object) => Promise<unknown>> = {
    measureCase: (task: object) => measureCase(task as MeasureTask),
    storeCase: (task: object) => storeCase(task as StoreTask),
  };
  let last: Promise<unknown> = Promise.resolve();
  let isOver = false;
  return {
    run(task, name) {
      last = last.then(() => (isOver ? Promise.reject(new Error("the ingest has ended")) : works[name](task)));
      return last;
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await last.catch(() => undefined);
    },
  };
}

/** Runs one pass over cases by the workers. What comes back is in the order of `cases`, whichever finished first. */
function passRunner(workers: Workers, { onError, onProgress }: IngestOptions) {
  return async <Value>(pass: IngestProgress["pass"], cases: readonly RawCase[], taskOf: (one: RawCase) => object) => {
    const name = ({ measure: "measureCase", store: "storeCase" } as const)[pass];
    let done = 0;
    const outcomes = await Promise.all(
      cases.map(async (one) => {
        const outcome = (await workers.run(taskOf(one), name)) as Outcome<Value>;
        const result = "value" in outcome ? outcome : { skipped: skip(outcome, onError) };
        done++;
        onProgress?.({ pass, caseId: one.id, done, total: cases.length });
        return { id: one.id, ...result };
      }),
    );
    const values = new Map<string, Value>();
    for (const outcome of outcomes) if ("value" in outcome) values.set(outcome.id, outcome.value);
    return { values, skipped: outcomes.flatMap((outcome) => ("skipped" in outcome ? [outcome.skipped] : [])) };
  };
}

/** What is reported of a damaged case that may be left out; throws for any other failure. */
function skip({ facts, hint }: SentFailure, onError: IngestOptions["onError"]): SkippedCase {
  if (onError !== "skip" || facts.code !== "INPUT_DAMAGED") throw new PatchstreamError(facts, hint);
  return { file: facts.file, reason: facts.reason };
}

function nothingToPlan([first]: readonly RawCase[]): never {
  const want = "given with --plans: the plans.json in the store that the model was trained on";
  refuseSpec(
    "plans",
    undefined,
    want,
    `No case has a label (the first is ${first?.id}), so that nothing can be planned.`,
  );
}

function fingerprintOf(rawFolder: string, cases: readonly MeasuredCase[]): DatasetFingerprint {
  const fingerprint = cases.length === 0 ? undefined : fingerprintDataset(cases);
  if (fingerprint === undefined) {
    const reason = cases.length === 0 ? "none of its cases can be read" : "no case has a foreground voxel";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file: rawFolder, reason, want: "a labelled data set" });
  }
  return fingerprint;
}
