import { existsSync, readFileSync } from "node:fs";
import { join, parse } from "node:path";
import { replaceFile } from "../../disk/write-file.js";
import { freeName, type Generations, removeUnnamed, selectGeneration } from "./generations.js";
import { sha256 } from "./sha256.js";
import { datasetDigest, type SealedFile, type StoreRecord, sealedGroup } from "./store-metadata.js";

/**
 * Ends an ingest whose cases are all in the store: writes the files beside the record (JSON, by name), selects the new generation and
 * removes what no generation names. Throws WRITE_FAILED.
 */
export function finishStore(
  store: string,
  generations: Generations,
  record: Omit<StoreRecord, "digest" | "files">,
  files: Readonly<Record<string, string>>,
): StoreRecord {
  const { name, cases, ...rest } = record;
  const whole = {
    name,
    digest: datasetDigest(cases),
    ...rest,
    cases,
    files: writeFiles(store, generations, files),
  };
  selectGeneration(store, generations, sealedGroup(whole));
  removeUnnamed(store);
  return whole;
}

/** The text of a JSON file beside the record. */
export function indented(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** Writes the files beside the record, or keeps those of the current generation that are the same. What the record holds of them. */
function writeFiles(
  store: string,
  generations: Generations,
  texts: Readonly<Record<string, string>>,
): StoreRecord["files"] {
  const { current } = generations;
  const entries = Object.entries(texts).map(([name, text]) => {
    const finished = current.at === "readable" ? current.record.files[name]?.file : undefined;
    const sealed = (file: string): SealedFile => ({ file, sha256: sha256(text) });
    if (finished !== undefined && holds(join(store, finished), text)) return [name, sealed(finished)] as const;
    const { name: base, ext } = parse(name);
    const file = freeName(store, generations, base, ext);
    replaceFile(join(store, file), text);
    return [name, sealed(file)] as const;
  });
  return Object.fromEntries(entries);
}

function holds(file: string, text: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8") === text;
}
