import type { Command } from "commander";
import type { StoreOptions } from "../loader/index.js";
import { byteCount } from "./byte-count.js";

/** What a store may be, in the words of every command that takes one. */
export const STORE = "a folder made by ingest, or where a copy of it lies: https://HOST/PATH, s3://BUCKET/PREFIX";

/** The cache of a remote store. */
export interface StoreFlags {
  readonly cache?: string;
  readonly cacheBytes?: number;
}

export function addStoreFlags(command: Command): Command {
  return command
    .option(
      "--cache <folder>",
      "keep what is read of a remote store in this folder; replicas on one machine may share it",
    )
    .option("--cache-bytes <bytes>", "most that lies there, such as 64GiB (default: 16GiB)", byteCount);
}

/** Ends `command` with exit code 2 where a size is given without the folder. */
export function storeOptions({ cache, cacheBytes }: StoreFlags, command: Command): StoreOptions {
  if (cache === undefined) {
    if (cacheBytes !== undefined) command.error("error: --cache-bytes is the size of --cache FOLDER: give both");
    return {};
  }
  return { cache: { folder: cache, ...(cacheBytes !== undefined && { maxBytes: cacheBytes }) } };
}

/** The flags as arguments of a command in a process of its own. Ends `command` as `storeOptions` does. */
export function storeArguments(flags: StoreFlags, command: Command): string[] {
  const { cache } = storeOptions(flags, command);
  if (cache === undefined) return [];
  return ["--cache", cache.folder, ...(cache.maxBytes === undefined ? [] : ["--cache-bytes", String(cache.maxBytes)])];
}
