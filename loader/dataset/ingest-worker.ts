import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import { folderReader } from "./folder-reader.js";
import { type CaseFingerprint, fingerprintCase } from "./planner/fingerprint.js";
import { type PreprocessSettings, preprocessCase } from "./preprocess/preprocess-case.js";
import type { RawCase } from "./raw/list-cases.js";
import { type CaseRules, readRawCase, type ToleratedFlaw } from "./raw/read-raw-case.js";
import { sha256 } from "./sha256.js";
import { type CaseRecord, openSeal, SealBroken, type SealedCase } from "./store-metadata.js";
import { verifyCase } from "./verify-store.js";
import { writeCase } from "./write-case.js";

/** What a task came to. Failures cross the thread as plain facts, since a class would not survive it. */
export type Outcome<Value> = { readonly value: Value } | { readonly facts: ErrorFacts };

export interface MeasureTask {
  readonly raw: RawCase;
  readonly rules: CaseRules;
}

export interface MeasuredCase extends CaseFingerprint {
  readonly sourceSha256: string;
  readonly tolerated: readonly ToleratedFlaw[];
  readonly unlabelled: boolean;
}

export interface StoreTask extends MeasureTask {
  readonly store: string;
  /** Folders that may hold this case already. */
  readonly finished: readonly string[];
  /** Where it goes if none of them does. */
  readonly folder: string;
  readonly settings: PreprocessSettings;
  readonly settingsSha256: string;
  /** SHA-256 of the source as it was measured. */
  readonly sourceSha256: string;
}

/** First pass over a case: reads it whole, so that what is damaged shows before anything is written. */
export function measureCase({ raw, rules }: MeasureTask): Promise<Outcome<MeasuredCase>> {
  return outcomeOf(async () => {
    const source = await readRawCase(raw, rules);
    const fingerprint = fingerprintCase(source);
    if (fingerprint === undefined) throw nothingLeft(raw, "every voxel is 0");
    return {
      ...fingerprint,
      sourceSha256: source.sha256,
      tolerated: source.tolerated,
      unlabelled: source.unlabelled ?? false,
    };
  });
}

/**
 * Second pass: keeps a case that was made of the same and is whole, or preprocesses and writes it.
 */
export function storeCase(task: StoreTask): Promise<Outcome<SealedCase>> {
  return outcomeOf(async () => {
    for (const folder of task.finished) {
      const finished = await finishedCase(task, folder);
      if (finished !== undefined) return finished;
    }
    return makeCase(task);
  });
}

async function makeCase({ raw, rules, store, folder, settings, settingsSha256 }: StoreTask): Promise<SealedCase> {
  const { channels, ...source } = await readRawCase(raw, rules);
  const stored = preprocessCase({ ...source, channels }, settings);
  if (stored === undefined) throw nothingLeft(raw, "nothing is left of it at the target spacing");
  return writeCase(store, { id: raw.id, folder, source, stored, settings, settingsSha256 });
}

async function finishedCase(
  { raw, store, settings, ...made }: StoreTask,
  folder: string,
): Promise<SealedCase | undefined> {
  const file = join(store, folder, "zarr.json");
  if (!existsSync(file)) return undefined;
  try {
    const text = readFileSync(file, "utf8");
    const record = openSeal<CaseRecord>(text);
    if (record.id !== raw.id || record.settingsSha256 !== made.settingsSha256) return undefined;
    if (record.sourceSha256 !== made.sourceSha256) return undefined;
    const finished = { ...record, metadataSha256: sha256(text), folder };
    await verifyCase(store, folderReader(store), finished, settings.classes);
    return finished;
  } catch (error) {
    if (error instanceof SealBroken || (error instanceof PatchstreamError && error.code === "STORE_DAMAGED"))
      return undefined;
    throw error;
  }
}

function nothingLeft({ images }: RawCase, reason: string): PatchstreamError {
  return new PatchstreamError({
    code: "INPUT_DAMAGED",
    file: images[0] as string,
    reason,
    want: "a volume with content",
  });
}

async function outcomeOf<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof PatchstreamError) return { facts: error.facts };
    throw error;
  }
}
