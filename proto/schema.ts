import protobuf from "protobufjs";
import { PROTO_FOLDER, protoFiles } from "./proto-files.js";

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
