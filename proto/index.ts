/**
 * The wire contract. A service is added by writing its .proto into `proto/patchstream/v1/` and running `npm run generate`:
 * `implement(server, "NameService", handlers)` and `callUnary` / `callStream(channel, "NameService", "method", request)`
 * are then typed from it.
 */
export {
  type CallOptions,
  type Channel,
  type ChannelOptions,
  type ClientTls,
  callDuplex,
  callStream,
  callUnary,
  openChannel,
} from "./call.js";
export { type Codec, codec, type MessageName } from "./codec.js";
export { CHUNK_BYTES, chunkFrame, type Frame, type ReceivedChunk, readChunkFrame } from "./framing.js";
export { type ListenOptions, listen, SERVER_OPTIONS, type ServerTls } from "./listen.js";
export { type Messages, services } from "./messages.js";
export { PACKAGE, PROTO_FOLDER, protoFiles } from "./proto-files.js";
export { schema } from "./schema.js";
export { type CallContext, type DuplexCall, type Handlers, implement } from "./serve.js";
export {
  type Method,
  type MethodName,
  methodOf,
  type RequestOf,
  type ResponseOf,
  type Sendable,
  type ServiceName,
} from "./service.js";
export { addStandardServices, type Health } from "./standard.js";
export { type Called, carriesFacts, fromStatus, STATUS_OF, toStatus } from "./status.js";
