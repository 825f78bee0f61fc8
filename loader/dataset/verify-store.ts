import { join, resolve } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import { type ByteReader, folderReader } from "./folder-reader.js";
import { readCases, readStoreRecord } from "./open-store.js";
import { caseDigest, datasetDigest, type SealedCase, sha256 } from "./store-metadata.js";

/**
 * Reads every byte of a store, or of the given cases, and compares all that is recorded of it: checksums, the SHA-256 of
 * each metadata file, the digest of each case and of the data set. Throws STORE_DAMAGED at the first that differs.
 */
export async function verifyStore(path: string, caseIds?: readonly string[]): Promise<void> {
  const store = resolve(path);
  const reader = folderReader(store);
  const record = await readStoreRecord(store, reader);
  if (datasetDigest(record.cases) !== record.digest) throw damaged(store, "its digest is not that of its cases");
  for (const [file, expected] of Object.entries(record.files)) await verifyFile(store, reader, file, expected);
  for (const one of record.cases) {
    if (caseIds?.includes(one.id) ?? true) await verifyCase(store, reader, one, record.classes);
  }
}

/** Reads every byte of one case, whether or not its store is finished. Throws STORE_DAMAGED. */
export async function verifyCase(
  store: string,
  reader: ByteReader,
  one: SealedCase,
  classes: readonly number[],
): Promise<void> {
  const { id, metadataSha256, metadata, digest } = one;
  for (const [folder, expected] of Object.entries({ ".": metadataSha256, ...metadata })) {
    await verifyFile(store, reader, join(id, folder, "zarr.json"), expected, id);
  }
  const reads = readCases(store, reader, { cases: [one], classes });
  const locations: Uint32Array[] = [];
  for (const value of classes) locations.push(await reads.readLocations(id, value));
  const found = caseDigest(await reads.readImage(id), await reads.readLabel(id), locations, classes);
  if (found !== digest) throw damaged(store, "its digest is not that of its arrays", id);
  await reads.readReference(id);
}

async function verifyFile(
  store: string,
  reader: ByteReader,
  file: string,
  expected: string,
  caseId?: string,
): Promise<void> {
  const bytes = await reader.get(`/${file}`);
  if (bytes === undefined) throw damaged(store, `${file} is missing`, caseId);
  if (sha256(bytes) !== expected) throw damaged(store, `${file} is not as it was written`, caseId);
}

function damaged(store: string, reason: string, caseId?: string): PatchstreamError {
  return new PatchstreamError({ code: "STORE_DAMAGED", store, ...(caseId && { case: caseId }), reason });
}
