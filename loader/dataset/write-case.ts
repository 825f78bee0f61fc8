import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { moveIntoPlace, syncFolder, writeNewFile } from "../../disk/write-file.js";
import type { Geometry } from "./dataset.js";
import { removeWhole, UNFINISHED } from "./generations.js";
import { sha256 } from "./sha256.js";
import { type CaseRecord, caseDigest, groupMetadata, type SealedCase, sealedGroup } from "./store-metadata.js";
import { imageLayout, labelLayout, locationsLayout } from "./zarr/array-layout.js";
import { type ArrayDigests, writeArray } from "./zarr/write-array.js";

export interface CaseToWrite {
  readonly id: string;
  /** Where it goes: see `freeName`. */
  readonly folder: string;
  /** (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly image: Float32Array;
  readonly label: Int16Array;
  /** See `locationClasses`. */
  readonly classes: readonly number[];
  /** (n,3) of each class, in the order of `classes`. */
  readonly locations: readonly Uint32Array[];
  readonly geometry: Geometry;
  /** The label on the original grid, `geometry.originalShape`; absent where it is not known. */
  readonly reference?: Int16Array | undefined;
  /** Present where the case has no label: `label` is 0 or -1 everywhere, and there is no reference. */
  readonly unlabelled?: true | undefined;
  readonly sourceSha256: string;
  readonly settingsSha256: string;
}

/**
 * Writes one case's group into the store: under a temporary name, synced, then renamed, so that a case is there whole or not at all.
 * Throws WRITE_FAILED.
 */
export function writeCase(store: string, one: CaseToWrite): SealedCase {
  const { id, folder, shape, image, label, classes, locations, geometry, reference } = one;
  const unfinished = join(store, `${UNFINISHED}${folder}`);
  rmSync(unfinished, { recursive: true, force: true });
  const arrays: Record<string, ArrayDigests> = {
    image: writeArray(join(unfinished, "image"), imageLayout(shape), image),
    label: writeArray(join(unfinished, "label"), labelLayout([shape[1], shape[2], shape[3]]), label),
    ...(reference && {
      reference: writeArray(join(unfinished, "reference"), labelLayout(geometry.originalShape), reference),
    }),
  };
  for (const [i, value] of classes.entries()) {
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
    spacingMm: geometry.spacingMm,
    foregroundCounts: locations.map((places) => places.length / 3),
    digest: caseDigest(image, label, locations, classes),
    geometry,
    ...(one.unlabelled && { unlabelled: true }),
    sourceSha256: one.sourceSha256,
    settingsSha256: one.settingsSha256,
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
