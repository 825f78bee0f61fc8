import { join, resolve } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import { type ByteReader, folderReader } from "./folder-reader.js";
import { openStoreFrom, readStoreRecord } from "./open-store.js";
import { caseDigest, datasetDigest, sha256 } from "./store-metadata.js";

/**
 * Reads every byte of a store, or of the given cases, and compares all that is recorded of it: checksums, the SHA-256 of
 * each metadata file, the digest of each case and of the data set. Throws STORE_DAMAGED at the first that differs.
 */
export async function verifyStore(path: string, caseIds?: readonly string[]): Promise<void> {
  const reader = folderReader(path);
  const record = await readStoreRecord(resolve(path), reader);
  const damaged = (reason: string, id?: string) =>
    new PatchstreamError({ code: "STORE_DAMAGED", store: resolve(path), ...(id && { case: id }), reason });
  if (datasetDigest(record.cases) !== record.digest) throw damaged("its digest is not that of its cases");
  for (const [file, expected] of Object.entries(record.files)) {
    if ((await digestOf(reader, file)) !== expected) throw damaged(`${file} is not as it was written`);
  }
  await using store = await openStoreFrom(resolve(path), reader);
  for (const { id, metadataSha256, metadata, digest } of record.cases.filter(
    ({ id }) => caseIds?.includes(id) ?? true,
  )) {
    for (const [folder, expected] of Object.entries({ ".": metadataSha256, ...metadata })) {
      const file = join(id, folder, "zarr.json");
      if ((await digestOf(reader, file)) !== expected) throw damaged(`${file} is not as it was written`, id);
    }
    const locations: Uint32Array[] = [];
    for (const value of record.classes) locations.push(await store.readLocations(id, value));
    const found = caseDigest(await store.readImage(id), await store.readLabel(id), locations, record.classes);
    if (found !== digest) throw damaged("its digest is not that of its arrays", id);
    await store.readReference(id);
  }
}

async function digestOf(reader: ByteReader, file: string): Promise<string | undefined> {
  const bytes = await reader.get(`/${file}`);
  return bytes && sha256(bytes);
}
