/** The wire contract: the messages and services of `proto/patchstream/v1/*.proto`, and where those files lie. */
export { type Messages, services } from "./messages.js";
export { PACKAGE, PROTO_FOLDER, protoFiles } from "./proto-files.js";
export { schema } from "./schema.js";
