import type { ByteReader, OpenFile, ReadSizes } from "../bytes/byte-reader.js";
import type { HttpReads } from "../remote/http-reads.js";
import { knownBytes } from "../remote/remote-reader.js";
import { sha256 } from "../sha256.js";
import type { DiskCache } from "./disk-cache.js";

/** Shards are kept in blocks of so many bytes. */
const BLOCK_BYTES = 2 ** 20;

/** Bytes behind a kept index: the length of its shard. */
const LENGTH_BYTES = 8;

/**
 * Reads a remote store through a cache on disk. What is kept is named by the SHA-256 that the store's record pins, not by its address: it is
 * right for ever, wherever a store of the same content lies.
 */
export function cachedReader(files: HttpReads, reads: ReadSizes, cache: DiskCache): ByteReader {
  const coming = new Map<string, Promise<Uint8Array>>();
  return {
    reads,
    async get(key, digest, likely) {
      if (digest === undefined) return files.get(key);
      const known = knownBytes(digest, likely);
      if (known !== undefined) return known;
      const name = `${digest}-file`;
      const kept = await cache.get(name);
      if (kept !== undefined) return kept;
      const bytes = await files.get(key);
      if (bytes !== undefined && sha256(bytes) === digest) await cache.put(name, bytes);
      return bytes;
    },
    use: (key, digest, reading) => reading(new CachedShard({ files, cache, coming }, key, digest)),
  };
}

/** What the shards of one reader share. */
interface Shared {
  readonly files: HttpReads;
  readonly cache: DiskCache;
  /** Blocks that are being fetched, by name. */
  readonly coming: Map<string, Promise<Uint8Array>>;
}

class CachedShard implements OpenFile {
  readonly #shared: Shared;
  readonly #key: string;
  /** Of its index. */
  readonly #digest: string;

  constructor(shared: Shared, key: string, digest: string) {
    this.#shared = shared;
    this.#key = key;
    this.#digest = digest;
  }

  async readEnd(target: Uint8Array): Promise<number> {
    const { cache, files } = this.#shared;
    const name = `${this.#digest}-index`;
    const kept = await cache.get(name);
    if (kept?.length === target.length + LENGTH_BYTES) {
      target.set(kept.subarray(0, target.length));
      return Number(Buffer.from(kept.subarray(target.length)).readBigUInt64LE());
    }
    const byteLength = await files.readEnd(this.#key, target);
    if (sha256(target) === this.#digest) {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeBigUInt64LE(BigInt(byteLength));
      await cache.put(name, Buffer.concat([target, length]));
    }
    return byteLength;
  }

  async read(target: Uint8Array, offset: number): Promise<void> {
    const numbers = blocksOf(offset, target.length);
    const kept = await Promise.all(numbers.map((number) => this.#kept(number)));
    const missing = numbers.filter((_, index) => kept[index] === undefined);
    for (const run of runsOf(missing.filter((number) => !this.#shared.coming.has(this.#name(number)))))
      this.#come(run, () => this.#fetchUnlessDone(run));
    const blocks = numbers.map((number, index) => kept[index] ?? this.#shared.coming.get(this.#name(number)));
    copyBlocks(await Promise.all(blocks), target, offset);
  }

  async readAgain(target: Uint8Array, offset: number): Promise<void> {
    this.#shared.files.counts.add("damagedReads");
    copyBlocks(await this.#fetch(blocksOf(offset, target.length)), target, offset);
  }

  #name(number: number): string {
    return `${this.#digest}-${number}`;
  }

  #kept(number: number): Promise<Uint8Array | undefined> {
    return this.#shared.coming.get(this.#name(number)) ?? this.#shared.cache.get(this.#name(number));
  }

  /** Notes the blocks as coming until they are kept. */
  #come(run: readonly number[], fetch: () => Promise<readonly Uint8Array[]>): void {
    const { coming } = this.#shared;
    const fetched = fetch();
    for (const [index, number] of run.entries()) {
      const name = this.#name(number);
      const block = fetched.then((blocks) => blocks[index] as Uint8Array);
      coming.set(name, block);
      block.catch(() => undefined).finally(() => coming.delete(name)); // who reads it is told
    }
  }

  async #fetchUnlessDone(run: readonly number[]): Promise<readonly Uint8Array[]> {
    const { cache } = this.#shared;
    await using _claim = await cache.claim(this.#name(run[0] as number));
    const kept = await Promise.all(run.map((number) => cache.get(this.#name(number))));
    const whole = kept.filter((block) => block !== undefined);
    return whole.length === run.length ? whole : await this.#fetch(run);
  }

  /** Fetches neighbouring blocks in one request, and keeps them. */
  async #fetch(run: readonly number[]): Promise<readonly Uint8Array[]> {
    const { files, cache } = this.#shared;
    const bytes = new Uint8Array(run.length * BLOCK_BYTES);
    const filled = await files.read(this.#key, bytes, (run[0] as number) * BLOCK_BYTES);
    const blocks = run.map((_, index) =>
      bytes.subarray(index * BLOCK_BYTES, Math.min((index + 1) * BLOCK_BYTES, filled)),
    );
    for (const [index, block] of blocks.entries())
      if (block.length > 0) await cache.put(this.#name(run[index] as number), block);
    return blocks;
  }
}

/** Numbers of the blocks that have bytes from `offset` on. */
function blocksOf(offset: number, length: number): number[] {
  const first = Math.floor(offset / BLOCK_BYTES);
  const end = Math.ceil((offset + length) / BLOCK_BYTES);
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** Ascending numbers as runs without a gap. */
function runsOf(numbers: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.at(-1) === number - 1) last.push(number);
    else runs.push([number]);
  }
  return runs;
}

/** Fills `target` from the blocks that have its bytes. Throws where one is too short. */
function copyBlocks(blocks: readonly (Uint8Array | undefined)[], target: Uint8Array, offset: number): void {
  for (let filled = 0, index = 0; filled < target.length; index++) {
    const start = index === 0 ? offset % BLOCK_BYTES : 0;
    const part = blocks[index]?.subarray(start, start + target.length - filled) ?? new Uint8Array();
    target.set(part, filled);
    filled += part.length;
    const isWhole = start + part.length === BLOCK_BYTES || filled === target.length;
    if (!isWhole) throw new Error(`it is cut short at byte ${offset + filled}`);
  }
}
