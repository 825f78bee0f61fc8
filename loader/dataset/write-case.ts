import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { moveIntoPlace, syncFolder, writeNewFile } from "../../disk/write-file.js";
import { removeWhole, UNFINISHED } from "./generations.js";
import type { PreprocessedCase, PreprocessSettings } from "./preprocess/preprocess-case.js";
import type { SourceCase } from "./raw/read-raw-case.js";
import { sha256 } from "./sha256.js";
import { type CaseRecord, caseDigest, groupMetadata, type SealedCase, sealedGroup } from "./store-metadata.js";
import { imageLayout, labelLayout, locationsLayout } from "./zarr/array-layout.js";
import { type ArrayDigests, writeArray } from "./zarr/write-array.js";

export interface CaseToWrite {
  readonly id: string;
  /** Where it goes: see `freeName`. */
  readonly folder: string;
  /** The case as read, its label not yet cropped. */
  readonly source: Omit<SourceCase, "channels">;
  readonly stored: PreprocessedCase;
  readonly settings: PreprocessSettings;
  readonly settingsSha256: string;
}

/**
 * Writes one case's group into the store: under a temporary name, synced, then renamed, so that a case is there whole or not at all.
 * Throws WRITE_FAILED.
 */
export function writeCase(store: string, one: CaseToWrite): SealedCase {
  const { id, folder, source, stored, settings, settingsSha256 } = one;
  const unfinished = join(store, `${UNFINISHED}${folder}`);
  rmSync(unfinished, { recursive: true, force: true });
  const { shape, image, label, locations } = stored;
  const arrays: Record<string, ArrayDigests> = {
    image: writeArray(join(unfinished, "image"), imageLayout(shape), image),
    label: writeArray(join(unfinished, "label"), labelLayout([shape[1], shape[2], shape[3]]), label),
    ...(!source.unlabelled && {
      reference: writeArray(join(unfinished, "reference"), labelLayout(source.shape), source.label),
    }),
  };
  for (const [i, value] of settings.classes.entries()) {
    const places = locations[i] as Uint32Array;
    const name = `locations/${value}`;
    arrays[name] = writeArray(join(unfinished, name), locationsLayout(places.length / 3), places);
  }
  const metadata = Object.fromEntries(Object.entries(arrays).map(([name, digests]) => [name, digests.metadata]));
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
    ...(source.unlabelled && { unlabelled: true }),
    sourceSha256: source.sha256,
    settingsSha256,
    metadata,
    indexes: Object.fromEntries(Object.entries(arrays).flatMap(([name, { index }]) => (index ? [[name, index]] : []))),
  };
  const text = sealedGroup(record);
  writeNewFile(join(unfinished, "zarr.json"), [Buffer.from(text)]);
  syncFolder(join(unfinished, "locations"));
  syncFolder(unfinished);
  if (existsSync(join(store, folder))) removeWhole(store, folder);
  moveIntoPlace(unfinished, join(store, folder));
  return { ...record, metadataSha256: sha256(text), folder };
}
