import { machineBytes } from "../../disk/machine-memory.js";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import { finishedCase } from "./finished-case.js";
import { labelHeader } from "./nifti/label-header.js";
import { type CaseFingerprint, fingerprintCase } from "./planner/fingerprint.js";
import { everyVoxelZero } from "./preprocess/crop-to-nonzero.js";
import { cropImage, type PreprocessSettings, resampleCase } from "./preprocess/preprocess-case.js";
import type { RawCase } from "./raw/list-cases.js";
import { type CaseRules, readRawCase, type ToleratedFlaw } from "./raw/read-raw-case.js";
import type { SealedCase } from "./store-metadata.js";
import { writeCase } from "./write-case.js";

/** A failure on its way across the thread, where a class would not survive. */
export interface SentFailure {
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;
}

/** What a task came to. */
export type Outcome<Value> = { readonly value: Value } | SentFailure;

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
    if (fingerprint === undefined) throw everyVoxelZero(raw.images[0] as string);
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
      const finished = await finishedCase(task.store, folder, { ...task, id: task.raw.id, ...task.settings });
      if (finished !== undefined) return finished;
    }
    return makeCase(task);
  });
}

async function makeCase({ raw, rules, store, folder, settings, settingsSha256 }: StoreTask): Promise<SealedCase> {
  const { channels, ...source } = await readRawCase(raw, rules);
  const [file] = raw.images as [string];
  const cropped = cropImage({ ...source, channels, file }, settings);
  checkMemory(file, cropped.resamplingBytes);
  const stored = resampleCase(cropped, settings);
  return writeCase(store, {
    id: raw.id,
    folder,
    shape: stored.shape,
    image: stored.image,
    label: stored.label,
    classes: settings.classes,
    locations: stored.locations,
    geometry: {
      affine: source.affine,
      originalShape: source.shape,
      originalSpacingMm: source.spacingMm,
      transpose: settings.transpose,
      cropStart: stored.cropStart,
      cropEnd: stored.cropEnd,
      spacingMm: settings.spacingMm,
      ...(source.headerBytes && { labelHeader: Buffer.from(labelHeader(source.headerBytes)).toString("base64") }),
    },
    ...(source.unlabelled ? { unlabelled: true } : { reference: source.label }),
    sourceSha256: source.sha256,
    settingsSha256,
  });
}

/** A case that no machine of this size holds ends with a line, not with the system killing the process. */
function checkMemory(file: string, bytes: number): void {
  if (bytes <= machineBytes()) return;
  const mib = (each: number) => Math.ceil(each / 2 ** 20);
  const reason = `to resample it takes ${mib(bytes)} MiB`;
  const want = `within the ${mib(machineBytes())} MiB of this machine: look at its spacing, or take a machine with more`;
  throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want });
}

async function outcomeOf<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof PatchstreamError) return { facts: error.facts, hint: error.hint };
    throw error;
  }
}
