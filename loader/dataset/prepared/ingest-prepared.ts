import { resolve } from "node:path";
import { lockFolder } from "../../../disk/process-lock.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { locationClasses } from "../../../plan/label-set.js";
import { finishStore, indented } from "../finish-store.js";
import { finishedCase } from "../finished-case.js";
import { foldersOf, freeName, readGenerations, removeUnfinished } from "../generations.js";
import { type IngestProgress, type IngestReport, LOCK } from "../ingest.js";
import { labelRecordOf } from "../label-record.js";
import { refuseOtherData } from "../refuse-other-data.js";
import { refuseRemote } from "../remote/store-address.js";
import { sha256 } from "../sha256.js";
import type { SealedCase } from "../store-metadata.js";
import { writeCase } from "../write-case.js";
import { type PreparedDataset, parsePreparedCase, parsePreparedDataset } from "./prepared-dataset.js";
import { checkCrop, readOriginalGrid, readPreparedArrays } from "./read-prepared-case.js";
import { StatedBytes, StreamEnded } from "./stated-bytes.js";

/** Rises whenever the same arrays make other bytes in a store. */
const PREPARED = 1;

/** How a prepared data set is ingested. */
export interface PreparedIngestOptions {
  /** Asks for a case: its line and its arrays are to come next. */
  readonly ask: (caseId: string) => void;
  /** Write a new generation beside a finished store of other data, which is refused otherwise. Default: false. */
  readonly force?: boolean | undefined;
  /** Told of every case that is stored. */
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** What an ingest of a prepared data set made. */
export interface PreparedIngestReport extends Pick<IngestReport, "name" | "digest" | "cases" | "plan"> {
  /** Cases whose label on the original grid is not known: they have everything but a reference. */
  readonly withoutReference: readonly string[];
}

/**
 * Turns a data set that is preprocessed already into a store: arrays are stored voxel for voxel as they come. `pieces` holds what
 * docs/reference/prepared.md says: a line of JSON for the data set, then, for each case that `ask` asks for, a line and its arrays.
 * A case that the store has already, made of the same, is not asked for. One case is in memory at a time. Throws SPEC_INVALID,
 * INPUT_DAMAGED, WRITE_FAILED, UNAVAILABLE while another ingest writes the store, or ALREADY_EXISTS as `ingest` does.
 */
export async function ingestPrepared(
  pieces: AsyncIterable<Uint8Array>,
  storeFolder: string,
  options: PreparedIngestOptions,
): Promise<PreparedIngestReport> {
  refuseRemote(storeFolder, "store");
  const store = resolve(storeFolder);
  const bytes = new StatedBytes(pieces);
  try {
    return await storeAll(bytes, store, options);
  } catch (error) {
    if (!(error instanceof StreamEnded) && !(error instanceof SyntaxError)) throw error;
    const want = "as docs/reference/prepared.md says";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file: "the prepared data set", reason: error.message, want });
  }
}

async function storeAll(
  bytes: StatedBytes,
  store: string,
  { ask, force = false, onProgress }: PreparedIngestOptions,
): Promise<PreparedIngestReport> {
  const dataset = parsePreparedDataset(await bytes.json());
  const { name, channelNames, plans } = dataset;
  const texts = Object.fromEntries(Object.entries(dataset.files).map(([file, json]) => [file, indented(json)]));
  const labelRecord = labelRecordOf(dataset);
  const settingsSha256 = sha256(
    JSON.stringify({
      PREPARED,
      spacingMm: plans.spacingMm,
      transpose: plans.transpose,
      classes: locationClasses(dataset),
      sourceValues: labelRecord.sourceValues,
    }),
  );
  using _lock = lockFolder(store, LOCK);
  using _leavings = { [Symbol.dispose]: () => removeUnfinished(store) };
  const generations = readGenerations(store);
  const madeOf = new Map(dataset.cases.map(({ id, sourceSha256 }) => [id, { sourceSha256, settingsSha256 }]));
  if (!force) {
    refuseOtherData(store, generations.current, {
      name,
      channelNames,
      labelRecord,
      isComplete: true,
      caseIds: dataset.cases.map(({ id }) => id),
      madeOf,
      plansSha256: sha256(texts["plans.json"] as string),
    });
  }
  const cases: SealedCase[] = [];
  for (const { id, sourceSha256 } of dataset.cases) {
    const made = { id, sourceSha256, settingsSha256, classes: locationClasses(dataset) };
    let one: SealedCase | undefined;
    for (const folder of foldersOf(store, generations, id)) one ??= await finishedCase(store, folder, made);
    if (one === undefined) {
      ask(id);
      one = await storeCase(bytes, dataset, { store, folder: freeName(store, generations, id), ...made });
    }
    cases.push(one);
    onProgress?.({ pass: "store", caseId: id, done: cases.length, total: dataset.cases.length });
  }
  const { digest } = finishStore(
    store,
    generations,
    {
      name,
      channelNames,
      maskedChannels: plans.maskedChannels,
      ...labelRecord,
      classes: dataset.classes,
      plan: plans.network,
      batchDice: plans.batchDice,
      cases,
    },
    texts,
  );
  const withoutReference = cases.flatMap(({ id, metadata }) => (metadata.reference === undefined ? [id] : []));
  return { name, digest, cases: cases.map(({ id }) => id), plan: plans.network, withoutReference };
}

interface CasePlace {
  readonly id: string;
  readonly store: string;
  readonly folder: string;
  readonly sourceSha256: string;
  readonly settingsSha256: string;
  readonly classes: readonly number[];
}

async function storeCase(bytes: StatedBytes, dataset: PreparedDataset, place: CasePlace): Promise<SealedCase> {
  const { transpose, spacingMm } = dataset.plans;
  const header = parsePreparedCase(await bytes.json(), place.id, dataset);
  checkCrop(header, transpose);
  const arrays = await readPreparedArrays(bytes, header, dataset);
  const { affine, reference } = await readOriginalGrid(header, dataset.sourceValues);
  const { originalShape, originalSpacingMm, cropStart, cropEnd, shape } = header;
  return writeCase(place.store, {
    ...place,
    shape,
    ...arrays,
    geometry: { affine, originalShape, originalSpacingMm, transpose, cropStart, cropEnd, spacingMm },
    reference,
  });
}
