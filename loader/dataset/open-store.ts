import { resolve } from "node:path";
import { whyNotRead } from "../../disk/file-faults.js";
import { PatchstreamError } from "../../plan/errors.js";
import { locationClasses } from "../../plan/label-set.js";
import type { ByteReader } from "./bytes/byte-reader.js";
import { folderReader } from "./bytes/folder-reader.js";
import { moduleReader, openReaderModule } from "./bytes/module-reader.js";
import { cachedReader } from "./cache/cached-reader.js";
import { cacheSettings, DiskCache } from "./cache/disk-cache.js";
import { NO_LABEL, type Region, type StoredCase } from "./dataset.js";
import { CURRENT } from "./generations.js";
import { noStore } from "./no-store.js";
import { HttpReads } from "./remote/http-reads.js";
import { PATIENCE, type Patience } from "./remote/patience.js";
import { countMemory, ReadCounts } from "./remote/read-counts.js";
import { shownAddress } from "./remote/remote-files.js";
import { REMOTE_READS, remoteReader } from "./remote/remote-reader.js";
import { isRemote, remoteFiles } from "./remote/store-address.js";
import type { Store, StoreLocation, StorePlace } from "./store.js";
import { OtherFormat, openSeal, type SealedCase, type StoreRecord, toDataset } from "./store-metadata.js";
import { type ArrayLayout, type DataType, imageLayout, labelLayout, locationsLayout } from "./zarr/array-layout.js";
import type { Box } from "./zarr/chunk-grid.js";
import type { ReadTargets, TypedArrays } from "./zarr/decode-chunk.js";
import { OpenedCache } from "./zarr/opened-cache.js";
import { ChunkDamaged, type Reading, StoredArray } from "./zarr/read-array.js";

/** Memory for the indexes of the arrays that were read last: of 150 CT volumes of 512x512x300 voxels. */
const INDEX_BYTES = 2 ** 24;

/** How a store is read. */
export interface StoreOptions {
  /** Of a remote store: a folder on this machine that keeps what was read, at most `maxBytes` of it: 16 GiB where not said. Default: none. */
  readonly cache?: { readonly folder: string; readonly maxBytes?: number };
  /** Of a remote store. */
  readonly patience?: Partial<Patience>;
  /**
   * A module that reads the store, for a place that is none of the above: it exports `openReader(place)`, which gives a `ByteReader`. Each thread
   * that cuts imports it. What it reads is held against the store's record as any other bytes are.
   */
  readonly reader?: URL;
}

/** One who has only just been told to read a store is told soon that there is none. */
const ATTEMPTS_TO_OPEN = 4;

/**
 * Opens the store in a folder, or at `https://HOST/PATH` or `s3://BUCKET/PREFIX`. Throws STORE_DAMAGED where there is none, or its
 * metadata is not as it was written; for a remote one UNAVAILABLE where its server cannot be reached or refuses; INPUT_DAMAGED where
 * `reader` is no module of a reader.
 */
export async function openStore(place: string, options: StoreOptions = {}): Promise<Store> {
  if (options.reader !== undefined) {
    const { href: url } = options.reader;
    const reader = await openReaderModule(url, place);
    const record = await readStoreRecord(place, reader);
    return openLocation({ kind: "module", path: place, url, reads: reader.reads, record });
  }
  if (!isRemote(place)) {
    const path = resolve(place);
    return openLocation({ kind: "folder", path, record: await readStoreRecord(path, folderReader(path)) });
  }
  const cached = options.cache && { cache: cacheSettings(options.cache) };
  const patience = { ...PATIENCE, ...options.patience };
  const counts = countMemory();
  const remote = { kind: "remote", path: shownAddress(place), address: place, patience, counts, ...cached } as const;
  const attempts = Math.min(patience.attempts, ATTEMPTS_TO_OPEN);
  const record = await readStoreRecord(remote.path, readerOf({ ...remote, patience: { ...patience, attempts } }));
  return openLocation({ ...remote, record });
}

/** Opens a store where another thread has it open: the same generation. Reads nothing yet. */
export function openLocation(location: StoreLocation): Store {
  const { path, record } = location;
  const reads = readCases(path, readerOf(location), record);
  return Object.assign(reads, {
    path,
    location,
    dataset: toDataset(record),
    [Symbol.asyncDispose]: async () => undefined,
  });
}

/** Reads the files at a location. */
export function readerOf(location: StorePlace): ByteReader {
  switch (location.kind) {
    case "folder":
      return folderReader(location.path);
    case "module":
      return moduleReader(location.url, location.path, location.reads);
    case "remote": {
      const counts = new ReadCounts(location.counts);
      const files = new HttpReads(remoteFiles(location.address, process.env), location.patience, counts);
      if (location.cache === undefined) return remoteReader(files);
      return cachedReader(files, REMOTE_READS, new DiskCache(location.cache, counts));
    }
  }
}

/** The reading half of a store. */
export type CaseReads = Pick<Store, "readImage" | "readLabel" | "readReference" | "readLocations" | "decodedBytes">;

/** Reads from cases that are known by their records, whether or not the store itself is finished. */
export function readCases(
  path: string,
  reader: ByteReader,
  record: Pick<StoreRecord, "cases" | "classes" | "ignoreLabel">,
): CaseReads {
  const listed = locationClasses(record);
  const cases = new Map(record.cases.map((one) => [one.id, one]));
  const arrays = new OpenedCache<StoredArray<DataType>>(INDEX_BYTES);
  const reading: Reading = { reader, decodedBytes: 0, spareBuffers: [] };

  function caseOf(id: string): SealedCase {
    const found = cases.get(id);
    if (found === undefined) {
      throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: id, known: [...cases.keys()] });
    }
    return found;
  }

  async function read<Type extends DataType, Into extends ReadTargets[Type] = TypedArrays[Type]>(
    caseId: string,
    name: string,
    { type, likely }: { readonly type: Type; readonly likely: ArrayLayout },
    { box, into }: { readonly box?: Box | undefined; readonly into?: Into | undefined } = {},
  ): Promise<Into> {
    const { folder, metadata, indexes } = caseOf(caseId);
    const key = `/${folder}/${name}`;
    const [written, index] = [metadata[name], indexes[name]];
    try {
      if (written === undefined) throw new Error("the store's record does not name it");
      const digests = { metadata: written, ...(index !== undefined && { index }) };
      const opened = arrays.get(key, () => StoredArray.open(reading, key, { type, likely, ...digests }));
      const array = (await opened) as StoredArray<Type>;
      return await array.read(box ?? { start: array.shape.map(() => 0), end: array.shape }, into);
    } catch (error) {
      if (error instanceof PatchstreamError) throw error;
      throw storeDamaged(path, caseId, name, error);
    }
  }

  return {
    get decodedBytes() {
      return reading.decodedBytes;
    },
    async readImage(caseId, region, into) {
      const { shape } = caseOf(caseId);
      checkRegion(caseId, shape, region);
      const box = region && { start: [0, ...region.start], end: [shape[0], ...region.end] };
      return read(caseId, "image", { type: "float32", likely: imageLayout(shape) }, { box, into });
    },
    async readLabel<Into extends ReadTargets["int16"] = Int16Array>(caseId: string, region?: Region, into?: Into) {
      const { shape } = caseOf(caseId);
      checkRegion(caseId, shape, region);
      const [, z, y, x] = shape;
      const kind = { type: "int16", likely: labelLayout([z, y, x]) } as const;
      return read<"int16", Into>(caseId, "label", kind, { box: region, into });
    },
    async readReference(caseId) {
      const { id, metadata, geometry } = caseOf(caseId);
      if (metadata.reference === undefined)
        throw new PatchstreamError({ code: "NOT_FOUND", what: "label of case", name: id, known: [] }, NO_LABEL);
      return read(id, "reference", { type: "int16", likely: labelLayout(geometry.originalShape) });
    },
    async readLocations(caseId, classValue, range, into) {
      if (!listed.includes(classValue)) {
        const known = listed.map(String);
        throw new PatchstreamError({ code: "NOT_FOUND", what: "class", name: String(classValue), known });
      }
      const box = range && { start: [range.start, 0], end: [range.end, 3] };
      const { id, foregroundCounts } = caseOf(caseId);
      const likely = locationsLayout(foregroundCounts[listed.indexOf(classValue)] ?? 0);
      return read(id, `locations/${classValue}`, { type: "uint32", likely }, { box, into });
    },
  };
}

/** The store's own record, checked against its seal. */
export async function readStoreRecord(path: string, reader: ByteReader): Promise<StoreRecord> {
  const damaged = (reason: string, hint?: string) =>
    new PatchstreamError({ code: "STORE_DAMAGED", store: path, reason }, hint);
  const bytes = await reader.get(`/${CURRENT}`).catch((error: unknown) => {
    if (error instanceof PatchstreamError) throw error;
    throw damaged(`its ${CURRENT}: ${whyNotRead(error)}`);
  });
  if (bytes === undefined) throw noStore(path);
  try {
    const record = openSeal<StoreRecord>(new TextDecoder().decode(bytes));
    if (!("cases" in record)) throw new Error("it is a case's folder; the store is the folder above");
    return record;
  } catch (error) {
    const hint = `Make it again with "patchstream ingest RAW ${path} --force".`;
    throw damaged((error as Error).message, error instanceof OtherFormat ? hint : undefined);
  }
}

function storeDamaged(store: string, caseId: string, array: string, error: unknown): PatchstreamError {
  const chunk = error instanceof ChunkDamaged ? `${array} ${error.chunk}` : array;
  const reason = error instanceof ChunkDamaged ? error.reason : whyNotRead(error);
  const hint = "Ingest again to mend it; if that was done since the store was opened, open it again.";
  return new PatchstreamError({ code: "STORE_DAMAGED", store, case: caseId, chunk, reason }, hint, { cause: error });
}

function checkRegion(caseId: string, shape: StoredCase["shape"], region: Region | undefined): void {
  if (region === undefined) return;
  const inside = region.start.every((start, axis) => {
    const end = region.end[axis] as number;
    return (
      Number.isInteger(start) &&
      Number.isInteger(end) &&
      start >= 0 &&
      start <= end &&
      end <= (shape[axis + 1] as number)
    );
  });
  if (inside) return;
  const want = `inside ${caseId}, which has ${shape.slice(1).join("x")} voxels (Z,Y,X)`;
  throw new PatchstreamError({ code: "SPEC_INVALID", field: "region", got: region, want });
}
