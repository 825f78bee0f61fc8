/**
 * gRPC machinery under both services. `implement(server, "DataService", handlers)` and
 * `callUnary` / `callStream(channel, "DataService", "getBatch", request)` are typed from the .proto files.
 */
export { type CallOptions, callDuplex, callStream, callUnary } from "./client/call.js";
export { type Channel, type ChannelOptions, type ClientTls, checkChannel, openChannel } from "./client/channel.js";
export { checkedTarget } from "./client/check-address.js";
export { type Scraped, scrape } from "./client/scrape.js";
export { parseTarget } from "./client/target.js";
export { type Codec, codec, type MessageName } from "./codec/codec.js";
export { CHUNK_BYTES, chunkFrame, type Frame, type ReceivedChunk, readChunkFrame } from "./codec/framing.js";
export { logGrpcLines } from "./server/grpc-lines.js";
export { addStandardServices, type Health } from "./server/health.js";
export { type HttpListener, type HttpListenOptions, type HttpRequest, listenHttp } from "./server/http-listener.js";
export { type CallContext, type DuplexCall, type Handlers, implement } from "./server/implement.js";
export { type Listener, type ListenOptions, listen, type ServerTls, serverOptions } from "./server/listen.js";
export { type ServiceLogger, serviceLog } from "./server/service-log.js";
export type { AcceptedToken, Scope, TokenOptions } from "./server/token-file.js";
export {
  type Method,
  type MethodName,
  methodOf,
  type RequestOf,
  type ResponseOf,
  type Sendable,
  type ServiceName,
} from "./service.js";
export {
  type Called,
  carriesFacts,
  failureOf,
  fromStatus,
  RETRY_OF,
  type Retry,
  STATUS_OF,
  toStatus,
} from "./status.js";
