import { join } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import { locationClasses } from "../../plan/label-set.js";
import type { ByteReader } from "./bytes/byte-reader.js";
import { PREVIOUS } from "./generations.js";
import { readCases, readerOf } from "./open-store.js";
import { readSealed } from "./sealed-file.js";
import type { Store } from "./store.js";
import { caseDigest, datasetDigest, OtherFormat, openSeal, type SealedCase } from "./store-metadata.js";

/**
 * Reads every byte of an open store's generation, or of the given cases, and compares all that is recorded of it: the SHA-256 of each
 * metadata file and shard index, every chunk's checksum, the digest of each case and of the data set. Throws STORE_DAMAGED at the
 * first that differs. `onCase` is told how many cases are done, of how many.
 */
export async function verifyStore(
  { path, location }: Store,
  caseIds?: readonly string[],
  onCase: (done: number, total: number) => void = () => {},
): Promise<void> {
  const { record } = location;
  const reader = readerOf(location);
  if (datasetDigest(record.cases) !== record.digest) throw damaged(path, "its digest is not that of its cases");
  for (const { file, sha256 } of Object.values(record.files)) await readSealed(path, reader, { file, sha256 });
  await verifyPrevious(path, reader);
  const chosen = record.cases.filter(({ id }) => caseIds?.includes(id) ?? true);
  for (const [done, one] of chosen.entries()) {
    onCase(done, chosen.length);
    await verifyCase(path, reader, one, locationClasses(record));
  }
  onCase(chosen.length, chosen.length);
}

/** The record of the generation before, where there is one: what an ingest may remove depends on it. */
async function verifyPrevious(path: string, reader: ByteReader): Promise<void> {
  const bytes = await reader.get(`/${PREVIOUS}`);
  if (bytes === undefined) return;
  try {
    openSeal(new TextDecoder().decode(bytes));
  } catch (error) {
    if (!(error instanceof OtherFormat)) throw damaged(path, `${PREVIOUS} is not as it was written`);
  }
}

/** Reads every byte of one case, whether or not its store is finished. Throws STORE_DAMAGED. */
export async function verifyCase(
  store: string,
  reader: ByteReader,
  one: SealedCase,
  classes: readonly number[],
): Promise<void> {
  const { id, folder, metadataSha256, metadata, digest } = one;
  for (const [below, expected] of Object.entries({ ".": metadataSha256, ...metadata })) {
    await readSealed(store, reader, { file: join(folder, below, "zarr.json"), sha256: expected }, id);
  }
  const reads = readCases(store, reader, { cases: [one], classes });
  const locations: Uint32Array[] = [];
  for (const value of classes) locations.push(await reads.readLocations(id, value));
  const found = caseDigest(await reads.readImage(id), await reads.readLabel(id), locations, classes);
  if (found !== digest) throw damaged(store, "its digest is not that of its arrays", id);
  if (metadata.reference !== undefined) await reads.readReference(id);
}

function damaged(store: string, reason: string, caseId?: string): PatchstreamError {
  return new PatchstreamError({ code: "STORE_DAMAGED", store, ...(caseId && { case: caseId }), reason });
}
