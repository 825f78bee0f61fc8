import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Folder that the .proto files are imported relative to; it ships beside `dist`. */
export const PROTO_FOLDER = fileURLToPath(new URL("../../proto/", import.meta.url));

/** The protobuf package of all services. */
export const PACKAGE = "patchstream.v1";

/** Paths of all .proto files, relative to `PROTO_FOLDER`, sorted. */
export function protoFiles(): string[] {
  const folder = "patchstream/v1";
  return readdirSync(`${PROTO_FOLDER}${folder}`)
    .filter((name) => name.endsWith(".proto"))
    .sort()
    .map((name) => `${folder}/${name}`);
}
