import { rmSync } from "node:fs";
import { join } from "node:path";
import { moveIntoPlace, syncFolder, writeNewFile } from "../../disk/write-file.js";
import type { PreprocessedCase, PreprocessSettings } from "./preprocess/preprocess-case.js";
import type { SourceCase } from "./raw/read-raw-case.js";
import { type CaseRecord, caseDigest, groupMetadata, type SealedCase, sealedGroup, sha256 } from "./store-metadata.js";
import { imageLayout, labelLayout, locationsLayout } from "./zarr/array-layout.js";
import { writeArray } from "./zarr/write-array.js";

/** Beginning of the names of unfinished cases in a store. No case id begins with a dot. */
export const UNFINISHED = ".unfinished-";

export interface CaseToWrite {
  readonly id: string;
  /** The case as read, its label not yet cropped. */
  readonly source: Omit<SourceCase, "channels">;
  readonly stored: PreprocessedCase;
  readonly settings: PreprocessSettings;
  readonly settingsSha256: string;
}

/**
 * Writes one case's group into the store `path`: under a temporary name, synced, then renamed, so that a case is there whole
 * or not at all. A case of that id is replaced, and the store's own record, which knew the old one, goes first. Throws WRITE_FAILED.
 */
export function writeCase(path: string, { id, source, stored, settings, settingsSha256 }: CaseToWrite): SealedCase {
  const unfinished = join(path, `${UNFINISHED}${id}`);
  rmSync(unfinished, { recursive: true, force: true });
  const { shape, image, label, locations } = stored;
  const metadata: Record<string, string> = {
    image: writeArray(join(unfinished, "image"), imageLayout(shape), image),
    label: writeArray(join(unfinished, "label"), labelLayout([shape[1], shape[2], shape[3]]), label),
    reference: writeArray(join(unfinished, "reference"), labelLayout(source.shape), source.label),
  };
  for (const [i, value] of settings.classes.entries()) {
    const places = locations[i] as Uint32Array;
    const name = `locations/${value}`;
    metadata[name] = writeArray(join(unfinished, name), locationsLayout(places.length / 3), places);
  }
  const group = groupMetadata();
  writeNewFile(join(unfinished, "locations", "zarr.json"), [Buffer.from(group)]);
  metadata.locations = sha256(group);
  const record: CaseRecord = {
    id,
    shape,
    spacingMm: settings.spacingMm,
    foregroundCounts: locations.map((places) => places.length / 3),
    digest: caseDigest(image, label, locations, settings.classes),
    geometry: {
      affine: source.affine,
      originalShape: source.shape,
      originalSpacingMm: source.spacingMm,
      transpose: settings.transpose,
      cropStart: stored.cropStart,
      cropEnd: stored.cropEnd,
      spacingMm: settings.spacingMm,
    },
    sourceSha256: source.sha256,
    settingsSha256,
    metadata,
  };
  const text = sealedGroup(record);
  writeNewFile(join(unfinished, "zarr.json"), [Buffer.from(text)]);
  syncFolder(join(unfinished, "locations"));
  syncFolder(unfinished);
  rmSync(join(path, "zarr.json"), { force: true });
  rmSync(join(path, id), { recursive: true, force: true });
  moveIntoPlace(unfinished, join(path, id));
  return { ...record, metadataSha256: sha256(text) };
}
