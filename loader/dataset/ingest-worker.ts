import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import { type CaseFingerprint, fingerprintCase } from "./planner/fingerprint.js";
import { type PreprocessSettings, preprocessCase } from "./preprocess/preprocess-case.js";
import type { RawCase } from "./raw/list-cases.js";
import { type CaseRules, readCase } from "./raw/read-case.js";
import { type CaseRecord, type SealedCase, sha256 } from "./store-metadata.js";
import { writeCase } from "./write-case.js";

/** What a task came to. Failures cross the thread as plain facts, since a class would not survive it. */
export type Outcome<Value> = { readonly value: Value } | { readonly facts: ErrorFacts };

export interface MeasureTask {
  readonly raw: RawCase;
  readonly rules: CaseRules;
}

export interface MeasuredCase extends CaseFingerprint {
  readonly sourceSha256: string;
}

export interface StoreTask extends MeasureTask {
  readonly store: string;
  readonly settings: PreprocessSettings;
  readonly settingsSha256: string;
  /** SHA-256 of the source as it was measured. */
  readonly sourceSha256: string;
}

/** First pass over a case: reads it whole, so that what is damaged shows before anything is written. */
export function measureCase({ raw, rules }: MeasureTask): Outcome<MeasuredCase> {
  return outcomeOf(() => {
    const source = readCase(raw, rules);
    const fingerprint = fingerprintCase(source);
    if (fingerprint === undefined) throw nothingLeft(raw, "every voxel is 0");
    return { ...fingerprint, sourceSha256: source.sha256 };
  });
}

/** Second pass: preprocesses and writes a case, or keeps the one that is there if it was made of the same. */
export function storeCase(task: StoreTask): Outcome<SealedCase> {
  return outcomeOf(() => finishedCase(task) ?? makeCase(task));
}

function makeCase({ raw, rules, store, settings, settingsSha256 }: StoreTask): SealedCase {
  const { channels, ...source } = readCase(raw, rules);
  const stored = preprocessCase({ ...source, channels }, settings);
  if (stored === undefined) throw nothingLeft(raw, "nothing is left of it at the target spacing");
  return writeCase(store, { id: raw.id, source, stored, settings, settingsSha256 });
}

function finishedCase({ raw, store, settingsSha256, sourceSha256 }: StoreTask): SealedCase | undefined {
  const file = join(store, raw.id, "zarr.json");
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const record = JSON.parse(text).attributes.patchstream as CaseRecord;
  const same = record.settingsSha256 === settingsSha256 && record.sourceSha256 === sourceSha256;
  return same ? { ...record, metadataSha256: sha256(text) } : undefined;
}

function nothingLeft({ images }: RawCase, reason: string): PatchstreamError {
  return new PatchstreamError({
    code: "INPUT_DAMAGED",
    file: images[0] as string,
    reason,
    want: "a volume with content",
  });
}

function outcomeOf<Value>(work: () => Value): Outcome<Value> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof PatchstreamError) return { facts: error.facts };
    throw error;
  }
}
