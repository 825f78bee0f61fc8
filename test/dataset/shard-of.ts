import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The shard of a case's newest folder. */
export function shardOf(store: string, id: string, array: string): string {
  const record = JSON.parse(readFileSync(join(store, "zarr.json"), "utf8")).attributes.patchstream;
  const { folder } = record.cases.find((one: { id: string }) => one.id === id);
  const names = readdirSync(join(store, folder, array)).filter((name) => name.startsWith("c."));
  const file = join(store, folder, array, names[0] as string);
  if (!statSync(file).isFile()) throw new Error(`${file} is no shard`);
  return file;
}
