import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, reportingFailure } from "../../disk/write-file.js";
import { openSeal, SealBroken, type StoreRecord } from "./store-metadata.js";

/**
 * A store is never changed in place. Its zarr.json is the record of one generation and names the folders and files that belong to it;
 * an ingest writes what is new under names that no generation has, and then replaces the record in one step. The record before
 * stays as previous.json, and what it names stays with it, for servers that have that generation open.
 */

/** The record of the generation before. */
export const PREVIOUS = "previous.json";

/** The record of the generation that is selected: a folder that has it is a finished store. */
export const CURRENT = "zarr.json";

/** Beginning of the names of what is being written or removed. No case id begins with a dot. */
export const UNFINISHED = ".unfinished-";

/** A record as it lies in the folder; one that is unreadable may name anything. */
export type Found =
  | { readonly at: "nowhere" }
  | { readonly at: "unreadable"; readonly reason: string }
  | { readonly at: "readable"; readonly text: string; readonly record: StoreRecord };

export interface Generations {
  readonly current: Found;
  readonly previous: Found;
}

export function readGenerations(store: string): Generations {
  return { current: findRecord(join(store, CURRENT)), previous: findRecord(join(store, PREVIOUS)) };
}

function findRecord(file: string): Found {
  if (!existsSync(file)) return { at: "nowhere" };
  const text = readFileSync(file, "utf8");
  try {
    return { at: "readable", text, record: openSeal<StoreRecord>(text) };
  } catch (error) {
    if (error instanceof SealBroken) return { at: "unreadable", reason: error.message };
    throw error;
  }
}

/**
 * The first of `<base><ending>`, `<base>~2<ending>`, ... that an ingest may write to: no generation names it, and no file or folder of
 * the user's has it.
 */
export function freeName(store: string, generations: Generations, base: string, ending = ""): string {
  const named = namesOf(generations);
  const isFree = (name: string) => {
    if (!existsSync(join(store, name))) return !named?.has(name);
    return named !== undefined && !named.has(name) && isOurs(store, name);
  };
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${base}${ending}` : `${base}~${number}${ending}`;
    if (isFree(name)) return name;
  }
}

/** Folders that may hold the case already, the current generation's first. */
export function foldersOf(store: string, { current }: Generations, caseId: string): string[] {
  const selected = current.at === "readable" ? current.record.cases.find(({ id }) => id === caseId)?.folder : undefined;
  const others = readdirSync(store).filter((name) => name.replace(/~\d+$/, "") === caseId && name !== selected);
  return selected === undefined ? others : [selected, ...others];
}

/**
 * Selects the generation whose record is `text`; everything that it names is on disk. What was selected before becomes the previous
 * generation. Where `text` is selected already nothing changes. Throws WRITE_FAILED.
 */
export function selectGeneration(store: string, { current }: Generations, text: string): void {
  if (current.at === "readable") {
    if (current.text === text) return;
    replaceFile(join(store, PREVIOUS), current.text);
  }
  replaceFile(join(store, CURRENT), text);
}

/**
 * Removes what neither the current nor the previous generation names: cases that interrupted ingests wrote, and those of older
 * generations. The user's own files stay; where a record is unreadable, everything does.
 */
export function removeUnnamed(store: string): void {
  const named = namesOf(readGenerations(store));
  if (named === undefined) return;
  for (const name of readdirSync(store)) {
    if (isOurs(store, name) && !named.has(name)) removeWhole(store, name);
  }
}

/**
 * Removes a folder or file under another name, so that what an interruption leaves of it is never taken for a whole one. Throws
 * WRITE_FAILED.
 */
export function removeWhole(store: string, name: string): void {
  const leaving = join(store, `${UNFINISHED}removed-${name}`);
  reportingFailure(join(store, name), () => {
    rmSync(leaving, { recursive: true, force: true });
    renameSync(join(store, name), leaving);
    rmSync(leaving, { recursive: true });
  });
}

/** Removes what was being written or removed when an ingest ended early, this one or one before. */
export function removeUnfinished(store: string): void {
  for (const entry of readdirSync(store)) {
    if (entry.startsWith(UNFINISHED)) rmSync(join(store, entry), { recursive: true });
  }
}

/** What an ingest writes into a store: cases, and the files beside them. */
function isOurs(store: string, name: string): boolean {
  return (
    existsSync(join(store, name, "locations", "zarr.json")) ||
    /^(plans|dataset_fingerprint|splits_final)(~\d+)?\.json$/.test(name)
  );
}

/** Names that belong to a generation and must not be written to; undefined where a record is unreadable. */
function namesOf({ current, previous }: Generations): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const found of [current, previous]) {
    if (found.at === "unreadable") return undefined;
    if (found.at === "nowhere") continue;
    for (const { folder } of found.record.cases) names.add(folder);
    for (const { file } of Object.values(found.record.files)) names.add(file);
  }
  return names;
}
