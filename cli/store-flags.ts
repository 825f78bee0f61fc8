import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Command } from "commander";
import type { StoreOptions } from "../loader/index.js";
import { byteCount } from "./byte-count.js";

/** What a store may be, in the words of every command that takes one. */
export const STORE = "a folder made by ingest, or where a copy of it lies: https://HOST/PATH, s3://BUCKET/PREFIX";

/** How a store is read that is no folder on this machine. */
export interface StoreFlags {
  readonly reader?: string;
  readonly cache?: string;
  readonly cacheBytes?: number;
}

export function addStoreFlags(command: Command): Command {
  return command
    .option(
      "--cache <folder>",
      "keep what is read of a remote store in this folder; replicas on one machine may share it",
    )
    .option("--cache-bytes <bytes>", "most that lies there, such as 64GiB (default: 16GiB)", byteCount)
    .option("--reader <module>", "a JavaScript file of your own that reads the store: it exports openReader(store)");
}

/** Ends `command` with exit code 2 where a size is given without the folder, or a cache for what is not read from elsewhere. */
export function storeOptions({ cache, cacheBytes, reader }: StoreFlags, command: Command): StoreOptions {
  if (reader !== undefined) {
    if (cache !== undefined) command.error("error: --cache is for stores at https:// and s3://, not for a --reader");
    return { reader: pathToFileURL(resolve(reader)) };
  }
  if (cache === undefined) {
    if (cacheBytes !== undefined) command.error("error: --cache-bytes is the size of --cache FOLDER: give both");
    return {};
  }
  return { cache: { folder: cache, ...(cacheBytes !== undefined && { maxBytes: cacheBytes }) } };
}

/** The flags as arguments of a command in a process of its own. Ends `command` as `storeOptions` does. */
export function storeArguments(flags: StoreFlags, command: Command): string[] {
  const { cache, reader } = storeOptions(flags, command);
  if (reader !== undefined) return ["--reader", fileURLToPath(reader)];
  if (cache === undefined) return [];
  return ["--cache", cache.folder, ...(cache.maxBytes === undefined ? [] : ["--cache-bytes", String(cache.maxBytes)])];
}
