import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import { folderReader } from "./bytes/folder-reader.js";
import { sha256 } from "./sha256.js";
import { type CaseRecord, openSeal, SealBroken, type SealedCase } from "./store-metadata.js";
import { verifyCase } from "./verify-store.js";

/** What a case would be made of. */
export interface CaseMaking extends Pick<CaseRecord, "id" | "sourceSha256" | "settingsSha256"> {
  /** See `locationClasses`. */
  readonly classes: readonly number[];
}

/** The case in a folder of the store, read whole, if it was made of just this; undefined otherwise, and where it is damaged. */
export async function finishedCase(store: string, folder: string, made: CaseMaking): Promise<SealedCase | undefined> {
  const file = join(store, folder, "zarr.json");
  if (!existsSync(file)) return undefined;
  try {
    const text = readFileSync(file, "utf8");
    const record = openSeal<CaseRecord>(text);
    if (record.id !== made.id || record.settingsSha256 !== made.settingsSha256) return undefined;
    if (record.sourceSha256 !== made.sourceSha256) return undefined;
    const finished = { ...record, metadataSha256: sha256(text), folder };
    await verifyCase(store, folderReader(store), finished, made.classes);
    return finished;
  } catch (error) {
    if (error instanceof SealBroken || (error instanceof PatchstreamError && error.code === "STORE_DAMAGED"))
      return undefined;
    throw error;
  }
}
