import { resolve } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import { type ByteReader, folderReader } from "./folder-reader.js";
import type { Region, Store, StoredCase } from "./store.js";
import { openSeal, type SealedCase, type StoreRecord, sha256, toDataset } from "./store-metadata.js";
import type { DataType } from "./zarr/array-layout.js";
import { ChunkDamaged, StoredArray } from "./zarr/read-array.js";

/** Opens the store in a folder. Throws STORE_DAMAGED where there is none, or its metadata is not as it was written. */
export async function openStore(path: string): Promise<Store> {
  return openStoreFrom(resolve(path), folderReader(path));
}

/** Opens the store whose files `reader` gives; `path` is what errors call it. */
export async function openStoreFrom(path: string, reader: ByteReader): Promise<Store> {
  const record = await readStoreRecord(path, reader);
  const reads = readCases(path, reader, record);
  return Object.assign(reads, { path, dataset: toDataset(record), [Symbol.asyncDispose]: async () => undefined });
}

/** The reading half of a store. */
export type CaseReads = Pick<Store, "readImage" | "readLabel" | "readReference" | "readLocations" | "decodedBytes">;

/** Reads from cases that are known by their records, whether or not the store itself is finished. */
export function readCases(path: string, reader: ByteReader, record: Pick<StoreRecord, "cases" | "classes">): CaseReads {
  const cases = new Map(record.cases.map((one) => [one.id, one]));
  const checked = checkingMetadata(reader, cases);
  const arrays = new Map<string, Promise<StoredArray<DataType>>>();
  const decoded = { bytes: 0 };

  function caseOf(id: string): SealedCase {
    const found = cases.get(id);
    if (found === undefined) {
      throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: id, known: [...cases.keys()] });
    }
    return found;
  }

  async function read<Type extends DataType, Values>(
    caseId: string,
    name: string,
    type: Type,
    use: (array: StoredArray<Type>) => Promise<Values>,
  ): Promise<Values> {
    const key = `/${caseId}/${name}`;
    try {
      const opening = arrays.get(key) ?? StoredArray.open(checked, key, type, decoded);
      arrays.set(key, opening as Promise<StoredArray<DataType>>);
      return await use((await opening) as StoredArray<Type>);
    } catch (error) {
      arrays.delete(key);
      throw storeDamaged(path, caseId, name, error);
    }
  }

  return {
    get decodedBytes() {
      return decoded.bytes;
    },
    async readImage(caseId, region) {
      const { shape } = caseOf(caseId);
      const box = region && { start: [0, ...region.start], end: [shape[0], ...region.end] };
      checkRegion(caseId, shape, region);
      return read(caseId, "image", "float32", (array) => (box ? array.read(box) : array.readAll()));
    },
    async readLabel(caseId, region) {
      checkRegion(caseId, caseOf(caseId).shape, region);
      return read(caseId, "label", "int16", (array) => (region ? array.read(region) : array.readAll()));
    },
    async readReference(caseId) {
      return read(caseOf(caseId).id, "reference", "int16", (array) => array.readAll());
    },
    async readLocations(caseId, classValue) {
      if (!record.classes.includes(classValue)) {
        const known = record.classes.map(String);
        throw new PatchstreamError({ code: "NOT_FOUND", what: "class", name: String(classValue), known });
      }
      return read(caseOf(caseId).id, `locations/${classValue}`, "uint32", (array) => array.readAll());
    },
  };
}

/** The store's own record, checked against its seal. */
export async function readStoreRecord(path: string, reader: ByteReader): Promise<StoreRecord> {
  const damaged = (reason: string, hint?: string) =>
    new PatchstreamError({ code: "STORE_DAMAGED", store: path, reason }, hint);
  const bytes = await reader.get("/zarr.json");
  if (bytes === undefined) {
    throw damaged("there is no finished store here", `Make one with "patchstream ingest RAW ${path}".`);
  }
  try {
    return openSeal<StoreRecord>(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged((error as Error).message);
  }
}

/**
 * The same files; every zarr.json below a case is held against the SHA-256 in the store's record, and no file may be
 * missing.
 */
function checkingMetadata(reader: ByteReader, cases: ReadonlyMap<string, SealedCase>): ByteReader {
  return {
    async get(key) {
      const bytes = await reader.get(key);
      if (bytes === undefined) throw new Error(`${key} is missing`);
      const [, caseId, folder] = /^\/([^/]+)\/(.+)\/zarr\.json$/.exec(key) ?? [];
      const expected = caseId && folder && cases.get(caseId)?.metadata[folder];
      if (expected && sha256(bytes) !== expected) throw new Error("its zarr.json is not the one that was written");
      return bytes;
    },
    async getRange(key, range) {
      const bytes = await reader.getRange(key, range);
      if (bytes === undefined) throw new Error(`${key} is missing`);
      return bytes;
    },
  };
}

function storeDamaged(store: string, caseId: string, array: string, error: unknown): PatchstreamError {
  const chunk = error instanceof ChunkDamaged ? `${array} ${error.chunk}` : array;
  const reason = error instanceof ChunkDamaged ? error.reason : (error as Error).message;
  return new PatchstreamError({ code: "STORE_DAMAGED", store, case: caseId, chunk, reason }, undefined, {
    cause: error,
  });
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
