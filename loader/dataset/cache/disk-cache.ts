import { randomUUID } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { crc32 } from "../../../checksum/crc.js";
import { makeFolder, OWNER_ONLY_FILE, OWNER_ONLY_FOLDER, reportingFailure } from "../../../disk/write-file.js";
import { refuse } from "../../../plan/errors.js";
import { ReadCounts } from "../remote/read-counts.js";
import { claimFile } from "./claim.js";

/** A folder that keeps what was read of remote stores. Plain data. */
export interface CacheSettings {
  /** Absolute. */
  readonly folder: string;
  readonly maxBytes: number;
}

export const DEFAULT_CACHE_BYTES = 16 * 2 ** 30;

const LEAST_CACHE_BYTES = 64 * 2 ** 20;

/** Bytes of the checksum at the end of each file. */
const CHECKSUM_BYTES = 4;

/** The folder is looked through whenever a thread has written this part of its size, and emptied down to `KEPT`: 32 threads stay below it. */
const UNSEEN = 1 / 256;
const KEPT = 7 / 8;

/** The settings, once the folder is there and may be written. Throws WRITE_FAILED, SPEC_INVALID. */
export function cacheSettings({
  folder,
  maxBytes = DEFAULT_CACHE_BYTES,
}: Partial<CacheSettings> & Pick<CacheSettings, "folder">): CacheSettings {
  if (maxBytes < LEAST_CACHE_BYTES) refuse("cacheBytes", maxBytes, `${LEAST_CACHE_BYTES} (64MiB) or more`);
  const path = resolve(folder);
  makeFolder(path);
  reportingFailure(path, () => accessSync(path, constants.W_OK));
  return { folder: path, maxBytes };
}

/**
 * Pieces of data by name, in a folder that threads and processes share. A name stands for one content for ever. A piece is there whole or
 * not at all; one that was damaged on disk is not there. The least recently used pieces go where there are more than `maxBytes`. The folder
 * may be full, or removed: then nothing is kept, and nothing fails.
 */
export class DiskCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #counts: ReadCounts;
  #unseenBytes = Number.POSITIVE_INFINITY;
  #sweeping: Promise<void> | undefined;

  constructor({ folder, maxBytes }: CacheSettings, counts: ReadCounts = new ReadCounts()) {
    this.#counts = counts;
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const content = await this.#read(name);
    if (content === undefined) this.#counts.add("cacheMisses");
    else {
      this.#counts.add("cacheHits");
      this.#counts.add("cacheHitBytes", content.length);
    }
    return content;
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    const file = this.#fileOf(name);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) return undefined;
    const content = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
    if (bytes.length < CHECKSUM_BYTES || bytes.readUInt32LE(content.length) !== checksumOf(name, content)) {
      this.#counts.add("damagedReads");
      await rm(file, { force: true }).catch(() => undefined);
      return undefined;
    }
    const now = new Date();
    void utimes(file, now, now).catch(() => undefined);
    return content;
  }

  async put(name: string, content: Uint8Array): Promise<void> {
    const file = this.#fileOf(name);
    const unfinished = join(this.#folder, name.slice(0, 2), `.unfinished-${randomUUID()}`);
    try {
      await this.#write(unfinished, content, checksumOf(name, content));
      await rename(unfinished, file);
    } catch {
      await rm(unfinished, { force: true }).catch(() => undefined);
      return;
    }
    this.#unseenBytes += content.length + CHECKSUM_BYTES;
    if (this.#unseenBytes >= this.#maxBytes * UNSEEN) await this.#sweep();
  }

  /** Says that a piece is being fetched. While another thread or process has said so, waits for it: the piece may be there then. */
  claim(name: string): Promise<AsyncDisposable> {
    return claimFile(join(this.#folder, name.slice(0, 2), `.fetching-${name}`));
  }

  #fileOf(name: string): string {
    return join(this.#folder, name.slice(0, 2), name);
  }

  async #write(file: string, content: Uint8Array, checksum: number): Promise<void> {
    await mkdir(join(file, ".."), { recursive: true, mode: OWNER_ONLY_FOLDER });
    const end = Buffer.alloc(CHECKSUM_BYTES);
    end.writeUInt32LE(checksum);
    const handle = await open(file, "wx", OWNER_ONLY_FILE);
    try {
      for (const part of [content, end]) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
  }

  #sweep(): Promise<void> {
    this.#sweeping ??= this.#removeOldest()
      .catch(() => undefined)
      .finally(() => {
        this.#sweeping = undefined;
      });
    return this.#sweeping;
  }

  /** Half-written files of processes that were killed go as any others do. */
  async #removeOldest(): Promise<void> {
    this.#unseenBytes = 0;
    const files: { file: string; size: number; mtimeMs: number }[] = [];
    for (const folder of await readdir(this.#folder)) {
      for (const name of await readdir(join(this.#folder, folder)).catch(() => [])) {
        const file = join(this.#folder, folder, name);
        const found = await stat(file).catch(() => undefined);
        if (found !== undefined) files.push({ file, size: found.size, mtimeMs: found.mtimeMs });
      }
    }
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes <= this.#maxBytes) return;
    for (const { file, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= this.#maxBytes * KEPT) return;
      await rm(file, { force: true });
      this.#counts.add("cacheRemovedBytes", size);
      bytes -= size;
    }
  }
}

/** Of a piece and its name: a file in another's place is noticed too. */
function checksumOf(name: string, content: Uint8Array): number {
  return crc32(name, crc32(content));
}
