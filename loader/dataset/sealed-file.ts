import { PatchstreamError } from "../../plan/errors.js";
import type { ByteReader } from "./bytes/byte-reader.js";
import { readerOf } from "./open-store.js";
import { sha256 } from "./sha256.js";
import type { Store } from "./store.js";
import type { SealedFile } from "./store-metadata.js";

/** The bytes of a file whose SHA-256 a record holds. Throws STORE_DAMAGED where it is missing or another. */
export async function readSealed(
  store: string,
  reader: ByteReader,
  sealed: SealedFile,
  caseId?: string,
): Promise<Uint8Array> {
  const bytes = await reader.get(`/${sealed.file}`, sealed.sha256);
  if (bytes !== undefined && sha256(bytes) === sealed.sha256) return bytes;
  const reason = `${sealed.file} is ${bytes === undefined ? "missing" : "not as it was written"}`;
  throw new PatchstreamError({ code: "STORE_DAMAGED", store, ...(caseId && { case: caseId }), reason });
}

/** The plans.json of an open store's generation, parsed. Throws STORE_DAMAGED. */
export async function readPlans({ path, location }: Store): Promise<unknown> {
  const sealed = location.record.files["plans.json"];
  if (sealed === undefined)
    throw new PatchstreamError({ code: "STORE_DAMAGED", store: path, reason: "its record names no plans.json" });
  return JSON.parse(new TextDecoder().decode(await readSealed(path, readerOf(location), sealed)));
}
