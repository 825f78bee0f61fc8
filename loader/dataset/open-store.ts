import { resolve } from "node:path";
import { whyNotRead } from "../../disk/file-faults.js";
import { PatchstreamError } from "../../plan/errors.js";
import { locationClasses } from "../../plan/label-set.js";
import type { Region, StoredCase } from "./dataset.js";
import { type ByteReader, folderReader } from "./folder-reader.js";
import { CURRENT } from "./generations.js";
import { noStore } from "./no-store.js";
import type { Store, StoreLocation } from "./store.js";
import { OtherFormat, openSeal, type SealedCase, type StoreRecord, toDataset } from "./store-metadata.js";
import type { DataType } from "./zarr/array-layout.js";
import type { Box } from "./zarr/chunk-grid.js";
import type { ReadTargets, TypedArrays } from "./zarr/decode-chunk.js";
import { OpenedCache } from "./zarr/opened-cache.js";
import { ChunkDamaged, type Reading, StoredArray } from "./zarr/read-array.js";

/** Memory for the indexes of the arrays that were read last: of 150 CT volumes of 512x512x300 voxels. */
const INDEX_BYTES = 2 ** 24;

/** Opens the store in a folder. Throws STORE_DAMAGED where there is none, or its metadata is not as it was written. */
export async function openStore(folder: string): Promise<Store> {
  const path = resolve(folder);
  return openLocation({ kind: "folder", path, record: await readStoreRecord(path, folderReader(path)) });
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
export function readerOf(location: StoreLocation): ByteReader {
  switch (location.kind) {
    case "folder":
      return folderReader(location.path);
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
    type: Type,
    { box, into }: { readonly box?: Box | undefined; readonly into?: Into | undefined } = {},
  ): Promise<Into> {
    const { folder, metadata, indexes } = caseOf(caseId);
    const key = `/${folder}/${name}`;
    const [written, index] = [metadata[name], indexes[name]];
    try {
      if (written === undefined) throw new Error("the store's record does not name it");
      const digests = { metadata: written, ...(index !== undefined && { index }) };
      const opened = arrays.get(key, () => StoredArray.open(reading, key, { type, ...digests }));
      const array = (await opened) as StoredArray<Type>;
      return await array.read(box ?? { start: array.shape.map(() => 0), end: array.shape }, into);
    } catch (error) {
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
      return read(caseId, "image", "float32", { box, into });
    },
    async readLabel<Into extends ReadTargets["int16"] = Int16Array>(caseId: string, region?: Region, into?: Into) {
      checkRegion(caseId, caseOf(caseId).shape, region);
      return read<"int16", Into>(caseId, "label", "int16", { box: region, into });
    },
    async readReference(caseId) {
      const { id, metadata } = caseOf(caseId);
      if (metadata.reference === undefined)
        throw new PatchstreamError({ code: "NOT_FOUND", what: "label of case", name: id, known: [] });
      return read(id, "reference", "int16");
    },
    async readLocations(caseId, classValue, range, into) {
      if (!listed.includes(classValue)) {
        const known = listed.map(String);
        throw new PatchstreamError({ code: "NOT_FOUND", what: "class", name: String(classValue), known });
      }
      const box = range && { start: [range.start, 0], end: [range.end, 3] };
      return read(caseOf(caseId).id, `locations/${classValue}`, "uint32", { box, into });
    },
  };
}

/** The store's own record, checked against its seal. */
export async function readStoreRecord(path: string, reader: ByteReader): Promise<StoreRecord> {
  const damaged = (reason: string, hint?: string) =>
    new PatchstreamError({ code: "STORE_DAMAGED", store: path, reason }, hint);
  const bytes = await reader.get(`/${CURRENT}`).catch((error: unknown) => {
    throw damaged(`its ${CURRENT}: ${whyNotRead(error)}`);
  });
  if (bytes === undefined) throw noStore(path);
  try {
    return openSeal<StoreRecord>(new TextDecoder().decode(bytes));
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
