import type { Dataset, StoredCase } from "./dataset.js";
import { sha256 } from "./sha256.js";

/** Rises whenever a store written by an older version can no longer be read. */
const FORMAT = 3;

/** What a case's own zarr.json holds under `attributes.patchstream`. */
export interface CaseRecord extends StoredCase {
  /**
   * SHA-256 (hex) of the source files and of the settings this case was made with: both unchanged, it need not be made
   * again.
   */
  readonly sourceSha256: string;
  readonly settingsSha256: string;
  /** SHA-256 (hex) of every zarr.json below the case's own, by its folder below the case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 (hex) of the index of every array's shard, by the array's folder below the case; none for an array without a voxel. */
  readonly indexes: Readonly<Record<string, string>>;
}

/** What the store's zarr.json holds of a case: the record, the SHA-256 of the file that it came from, and where the case lies. */
export interface SealedCase extends CaseRecord {
  readonly metadataSha256: string;
  /** Folder in the store: the case's id, or `<id>~<n>` in a later generation. */
  readonly folder: string;
}

/** A file beside the store's zarr.json. */
export interface SealedFile {
  /** Its name in the store: as ingest calls it first, or with `~<n>` in a later generation. */
  readonly file: string;
  readonly sha256: string;
}

/**
 * What the store's zarr.json holds under `attributes.patchstream`: one generation of the store. It pins every byte that can be read
 * through it.
 */
export interface StoreRecord extends Omit<Dataset, "cases" | "sourceValues"> {
  /** Absent where the source's files have the stored values. */
  readonly sourceValues?: readonly number[];
  readonly cases: readonly SealedCase[];
  /** The files beside it, by what they are: plans.json and, where there are such, dataset_fingerprint.json and splits_final.json. */
  readonly files: Readonly<Record<string, SealedFile>>;
}

/** The zarr.json of a group. */
export function groupMetadata(attributes: object = {}): string {
  return JSON.stringify({ zarr_format: 3, node_type: "group", attributes }, undefined, 2);
}

const NO_SEAL = "0".repeat(64);

/**
 * The zarr.json of a group with a record. Its `seal` is the SHA-256 of the file's own bytes with 64 zeros in the seal's place,
 * so that a change of any bit shows; the SHA-256s it holds do the same for other metadata.
 */
export function sealedGroup(record: StoreRecord | CaseRecord): string {
  const open = groupMetadata({ patchstream: { format: FORMAT, seal: NO_SEAL, ...record } });
  return open.replace(NO_SEAL, sha256(open));
}

/** Why a zarr.json is not to be trusted. */
export class SealBroken extends Error {}

/** A zarr.json that another version wrote. */
export class OtherFormat extends SealBroken {
  constructor(format: unknown, reason = `it has format ${format}; this version reads format ${FORMAT}`) {
    super(reason);
  }
}

/** True for a store of an older version that kept label values with gaps as the files have them. */
function hasOldLabels({ classes, sourceValues }: Partial<StoreRecord>): boolean {
  return sourceValues === undefined && classes !== undefined && classes.some((value, index) => value !== index + 1);
}

/** Reads what `sealedGroup` wrote. Throws SealBroken, and of that OtherFormat. */
export function openSeal<Sealed extends StoreRecord | CaseRecord>(text: string): Sealed {
  const seal = /"seal": "([0-9a-f]{64})"/.exec(text)?.[1];
  if (seal === undefined) throw new SealBroken("its zarr.json has no seal");
  if (sha256(text.replace(seal, NO_SEAL)) !== seal) throw new SealBroken("its zarr.json does not match its seal");
  const { format, seal: _seal, ...record } = JSON.parse(text).attributes.patchstream;
  if (format !== FORMAT) throw new OtherFormat(format);
  if (hasOldLabels(record))
    throw new OtherFormat(format, "an older version wrote it, which kept gaps between label values");
  return record;
}

/**
 * Digest of one case: SHA-256 over the SHA-256s of its image, label and foreground locations (class by class,
 * ascending).
 */
export function caseDigest(
  image: Float32Array,
  label: Int16Array,
  locations: readonly Uint32Array[],
  classes: readonly number[],
): string {
  const parts = [sha256(bytesOf(image)), sha256(bytesOf(label))];
  for (const [i, value] of classes.entries()) parts.push(`${value} ${sha256(bytesOf(locations[i] as Uint32Array))}`);
  return sha256(parts.join("\n"));
}

/**
 * Digest of a data set (docs/reference/store.md): SHA-256 over each case's id, shape, spacing, types and digest,
 * sorted by id; of an unlabelled case the label's type is "none".
 */
export function datasetDigest(cases: readonly StoredCase[]): string {
  const row = ({ id, shape, spacingMm, digest, unlabelled }: StoredCase) => {
    return [id, shape, spacingMm, "float32", unlabelled ? "none" : "int16", digest];
  };
  return sha256(JSON.stringify(cases.map(row)));
}

function bytesOf(values: Float32Array | Int16Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** What a store shows of itself; how it is checked stays inside. */
export function toDataset({ files: _files, cases, ...dataset }: StoreRecord): Dataset {
  return {
    ...dataset,
    sourceValues: dataset.sourceValues ?? [0, ...dataset.classes],
    cases: cases.map(({ id, shape, spacingMm, foregroundCounts, digest, geometry, unlabelled }) => ({
      id,
      shape,
      spacingMm,
      foregroundCounts,
      digest,
      geometry,
      ...(unlabelled && { unlabelled }),
    })),
  };
}
