import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The files of a store that hold voxels and locations. */
export function shardsOf(store: string): string[] {
  return readdirSync(store, { recursive: true, encoding: "utf8" })
    .filter((name) => /(^|\/)c\.[^/]*$/.test(name))
    .map((name) => join(store, name));
}

/** Flips a bit of every 64th byte of a file. */
export function damage(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 64) bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(path, bytes);
}
