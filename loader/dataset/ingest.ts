import { existsSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { Piscina } from "piscina";
import { lockFolder } from "../../disk/process-lock.js";
import { replaceFile } from "../../disk/write-file.js";
import type { NetworkPlan } from "../../plan/curriculum/stage.js";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import type { MeasuredCase, MeasureTask, Outcome, StoreTask } from "./ingest-worker.js";
import { type DatasetFingerprint, fingerprintDataset } from "./planner/fingerprint.js";
import { planDataset } from "./planner/make-plans.js";
import { parsePlans } from "./planner/parse-plans.js";
import type { PreprocessSettings } from "./preprocess/preprocess-case.js";
import {
  checkName,
  type FilePlaces,
  type RawCase,
  type RawDataset,
  readJson,
  readRawDataset,
} from "./raw/list-cases.js";
import type { CaseRules, ToleratedFlaw } from "./raw/read-raw-case.js";
import { datasetDigest, type SealedCase, type StoreRecord, sealedGroup, sha256 } from "./store-metadata.js";
import { UNFINISHED } from "./write-case.js";

/** Rises whenever the same files and settings make other bytes, so that finished cases are made again. */
const PREPROCESSING = 2;

const LOCK = { name: ".ingest-lock", doing: "is writing this store", hint: "Wait for it" };

export interface IngestOptions {
  /** The store's name; the raw folder's where absent. */
  readonly name?: string;
  /** A plans.json to follow; absent, nnU-Net's planner decides. */
  readonly plans?: string;
  /** What a damaged case does: end the ingest, or be left out and reported. Default: stop. */
  readonly onError?: "stop" | "skip";
  /** Voxels of NaN or infinity end their case, or are read as 0 and reported. Default: stop. */
  readonly nonfinite?: CaseRules["nonfinite"];
  /** Files whose origin or direction differs from the first image's end their case, or are taken and reported. Default: strict. */
  readonly geometry?: CaseRules["geometry"];
  /** Files that dataset.json names outside of its folder: refused, or read. Default: inside. */
  readonly files?: FilePlaces;
  /** Threads; default: one a core. */
  readonly workers?: number;
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** A case has been measured, or is stored. `done` counts those of this pass, `total` all of it. */
export interface IngestProgress {
  readonly pass: "measure" | "store";
  readonly caseId: string;
  readonly done: number;
  readonly total: number;
}

export interface SkippedCase {
  readonly file: string;
  readonly reason: string;
}

export interface IngestReport {
  readonly name: string;
  readonly digest: string;
  /** Ids of the stored cases, sorted. */
  readonly cases: readonly string[];
  readonly skipped: readonly SkippedCase[];
  /** What was wrong with files that were taken all the same, as `nonfinite` and `geometry` say. */
  readonly tolerated: readonly ToleratedFlaw[];
  readonly plan: NetworkPlan;
}

/**
 * Turns a raw data set (nnU-Net's or MSD's layout) into a store. Cases are written whole or not at all; run again after an
 * interruption it keeps what is finished and was made of the same files and settings. The result does not depend on
 * `workers`. Throws INPUT_DAMAGED, SPEC_INVALID, WRITE_FAILED, or UNAVAILABLE while another ingest writes the store.
 */
export async function ingest(
  rawFolder: string,
  storeFolder: string,
  options: IngestOptions = {},
): Promise<IngestReport> {
  const name = options.name ?? basename(resolve(rawFolder));
  checkName("name", name);
  const raw = readRawDataset(resolve(rawFolder), options.files);
  const givenPlans = options.plans === undefined ? undefined : readJson(options.plans);
  if (givenPlans !== undefined) parsePlans(givenPlans, raw.channelNames.length);
  using _lock = lockFolder(storeFolder, LOCK);
  using _leavings = { [Symbol.dispose]: () => removeUnfinished(storeFolder) };
  await using pool = workerPool(options.workers ?? availableParallelism());
  const pass = passRunner(pool, options);

  const rules: CaseRules = {
    channelCount: raw.channelNames.length,
    labelValues: Object.values(raw.labels).sort((a, b) => a - b),
    nonfinite: options.nonfinite ?? "stop",
    geometry: options.geometry ?? "strict",
  };
  const measured = await pass<MeasuredCase>("measure", raw.cases, (one): MeasureTask => ({ raw: one, rules }));
  const fingerprint = fingerprintOf(rawFolder, [...measured.values.values()]);
  const plansJson = givenPlans ?? planDataset(fingerprint, { ...raw, name });
  const plans = parsePlans(plansJson, raw.channelNames.length);
  const settings: PreprocessSettings = {
    transpose: plans.transpose,
    spacingMm: plans.spacingMm,
    normalizations: plans.normalizations,
    classes: rules.labelValues.filter((value) => value > 0),
  };

  const settingsSha256 = sha256(JSON.stringify({ PREPROCESSING, ...settings }));
  const kept = raw.cases.filter(({ id }) => measured.values.has(id));
  const stored = await pass<SealedCase>("store", kept, (one): StoreTask => {
    const { sourceSha256 } = measured.values.get(one.id) as MeasuredCase;
    return { raw: one, rules, store: storeFolder, settings, settingsSha256, sourceSha256 };
  });
  const cases = [...stored.values.values()];
  const digest = writeStoreRecord(storeFolder, {
    name,
    raw,
    cases,
    settings,
    network: plans.network,
    plansJson,
    fingerprint,
  });
  removeOthers(storeFolder, new Set(cases.map(({ id }) => id)));
  return {
    name,
    digest,
    cases: cases.map(({ id }) => id),
    skipped: [...measured.skipped, ...stored.skipped],
    tolerated: [...measured.values.values()].flatMap((one) => one.tolerated),
    plan: plans.network,
  };
}

function workerPool(workers: number): Piscina & AsyncDisposable {
  return new Piscina({
    filename: new URL("./ingest-worker.js", import.meta.url).href,
    minThreads: 1,
    maxThreads: workers,
  });
}

/** Runs one pass over cases in the pool. What comes back is in the order of `cases`, whichever finished first. */
function passRunner(pool: Piscina, { onError, onProgress }: IngestOptions) {
  return async <Value>(pass: IngestProgress["pass"], cases: readonly RawCase[], taskOf: (one: RawCase) => object) => {
    const name = { measure: "measureCase", store: "storeCase" }[pass];
    let done = 0;
    const outcomes = await Promise.all(
      cases.map(async (one) => {
        const outcome = (await pool.run(taskOf(one), { name })) as Outcome<Value>;
        const result = "value" in outcome ? outcome : { skipped: skip(outcome.facts, onError) };
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
function skip(facts: ErrorFacts, onError: IngestOptions["onError"]): SkippedCase {
  if (onError !== "skip" || facts.code !== "INPUT_DAMAGED") throw new PatchstreamError(facts);
  return { file: facts.file, reason: facts.reason };
}

function fingerprintOf(rawFolder: string, cases: readonly MeasuredCase[]): DatasetFingerprint {
  const fingerprint = cases.length === 0 ? undefined : fingerprintDataset(cases);
  if (fingerprint === undefined) {
    const reason = cases.length === 0 ? "none of its cases can be read" : "no case has a foreground voxel";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file: rawFolder, reason, want: "a labelled data set" });
  }
  return fingerprint;
}

/** Removes cases that were being written when an ingest ended early, this one or one before. */
function removeUnfinished(storeFolder: string): void {
  for (const entry of readdirSync(storeFolder)) {
    if (entry.startsWith(UNFINISHED)) rmSync(join(storeFolder, entry), { recursive: true });
  }
}

/** Removes cases of an earlier ingest that this one left out. Other files in the folder stay. */
function removeOthers(storeFolder: string, cases: ReadonlySet<string>): void {
  for (const entry of readdirSync(storeFolder)) {
    const isCase = existsSync(join(storeFolder, entry, "locations", "zarr.json"));
    if (isCase && !cases.has(entry)) rmSync(join(storeFolder, entry), { recursive: true });
  }
}

interface StoreContents {
  readonly name: string;
  readonly raw: RawDataset;
  readonly cases: readonly SealedCase[];
  readonly settings: PreprocessSettings;
  readonly network: NetworkPlan;
  readonly plansJson: unknown;
  readonly fingerprint: DatasetFingerprint;
}

/** Writes what concerns all cases, the store's zarr.json last: only with it is the folder a store. Returns the digest. */
function writeStoreRecord(storeFolder: string, contents: StoreContents): string {
  const texts = {
    "plans.json": JSON.stringify(contents.plansJson, undefined, 2),
    "dataset_fingerprint.json": JSON.stringify(contents.fingerprint, undefined, 2),
  };
  for (const [file, text] of Object.entries(texts)) replaceFile(join(storeFolder, file), text);
  const digest = datasetDigest(contents.cases);
  const record: StoreRecord = {
    name: contents.name,
    digest,
    channelNames: contents.raw.channelNames,
    maskedChannels: contents.settings.normalizations.flatMap(({ useMask }, channel) => (useMask ? [channel] : [])),
    labels: contents.raw.labels,
    classes: contents.settings.classes,
    plan: contents.network,
    cases: contents.cases,
    files: Object.fromEntries(Object.entries(texts).map(([file, text]) => [file, sha256(text)])),
  };
  replaceFile(join(storeFolder, "zarr.json"), sealedGroup(record));
  return digest;
}
