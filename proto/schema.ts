import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

/** Folder that the .proto files are imported relative to; it ships beside `dist`. */
export const PROTO_FOLDER = fileURLToPath(new URL("../../proto/", import.meta.url));

export const PACKAGE = "patchstream.v1";

/** Paths of all .proto files, relative to `PROTO_FOLDER`, sorted. */
export function protoFiles(): string[] {
  const folder = "patchstream/v1";
  return readdirSync(`${PROTO_FOLDER}${folder}`)
    .filter((name) => name.endsWith(".proto"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

let parsed: protobuf.Root | undefined;

/** The shipped .proto files, parsed on first use. Field names are camelCase, as in `messages.ts`. */
export function schema(): protobuf.Root {
  if (parsed === undefined) {
    const root = new protobuf.Root();
    root.resolvePath = (_origin, target) => (target.startsWith(PROTO_FOLDER) ? target : `${PROTO_FOLDER}${target}`);
    root.loadSync(protoFiles(), { alternateCommentMode: true });
    root.resolveAll();
    parsed = root;
  }
  return parsed;
}
