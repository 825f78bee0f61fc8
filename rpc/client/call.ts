import { readFileSync } from "node:fs";
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { type MethodName, methodOf, type RequestOf, type ResponseOf, type ServiceName } from "../service.js";
import { fromStatus } from "../status.js";

/** PEM files that prove who is who. `ca`: whom to trust (default: the system's); `cert` and `key`: who we are (mTLS). */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, where it is not the address's host. */
  readonly serverName?: string;
}

export interface ChannelOptions {
  /** Absent: plain text. */
  readonly tls?: ClientTls;
  /** Sent as `authorization: Bearer TOKEN`. */
  readonly token?: string;
}

/** One server, reached over one connection. */
export interface Channel {
  readonly address: string;
  readonly client: Client;
  readonly metadata: Metadata;
}

/** Received per stream before the reader must take some: grpc-js's default 64 KiB costs two thirds of the throughput. */
const FLOW_CONTROL_WINDOW = 16 << 20;
const MAX_RECEIVED_MESSAGE = 64 << 20;

/** Opens a lazy channel to `address` (`host:port`); close it with `channel.client.close()`. */
export function openChannel(address: string, { tls, token }: ChannelOptions = {}): Channel {
  const read = (file: string | undefined) => (file === undefined ? null : readFileSync(file));
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const client = new Client(
    address,
    tls ? credentials.createSsl(read(tls.ca), read(tls.key), read(tls.cert)) : credentials.createInsecure(),
    {
      "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW,
      "grpc.max_receive_message_length": MAX_RECEIVED_MESSAGE,
      "grpc.keepalive_time_ms": 30_000,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.min_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 2_000,
      "grpc.use_local_subchannel_pool": 1,
      ...(tls?.serverName && { "grpc.ssl_target_name_override": tls.serverName }),
    },
  );
  return { address, client, metadata };
}

export interface CallOptions {
  /** The call fails with DEADLINE after this. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

function deadline({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

/** Calls a method with one request and one answer. */
export function callUnary<S extends ServiceName, M extends MethodName<S>>(
  channel: Channel,
  service: S,
  name: M,
  request: RequestOf<S, M>,
  options: CallOptions = {},
): Promise<ResponseOf<S, M>> {
  const method = methodOf(service, name);
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const call = channel.client.makeUnaryRequest(
      method.path,
      method.encodeRequest,
      method.decodeResponse,
      request,
      channel.metadata,
      deadline(options),
      (failure: ServiceError | null, response?: ResponseOf<S, M>) => {
        options.signal?.removeEventListener("abort", cancel);
        if (options.signal?.aborted) reject(options.signal.reason);
        else if (failure) reject(fromStatus(failure, called(channel, name, options)));
        else resolve(response as ResponseOf<S, M>);
      },
    );
    const cancel = () => call.cancel();
    options.signal?.addEventListener("abort", cancel, { once: true });
  });
}

/** Calls a method that answers with a stream. Leaving the loop cancels the call. */
export async function* callStream<S extends ServiceName, M extends MethodName<S>>(
  channel: Channel,
  service: S,
  name: M,
  request: RequestOf<S, M>,
  options: CallOptions = {},
): AsyncGenerator<ResponseOf<S, M>> {
  const method = methodOf(service, name);
  options.signal?.throwIfAborted();
  const call: ClientReadableStream<ResponseOf<S, M>> = channel.client.makeServerStreamRequest(
    method.path,
    method.encodeRequest,
    method.decodeResponse,
    request,
    channel.metadata,
    deadline(options),
  );
  const cancel = () => call.cancel();
  options.signal?.addEventListener("abort", cancel, { once: true });
  try {
    for await (const message of call) yield message as ResponseOf<S, M>;
  } catch (failure) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw fromStatus(failure as ServiceError, called(channel, name, options));
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** Opens a call that both sides stream on; its failures are grpc-js's, for `fromStatus`. Messages arrive as `decode` makes them. */
export function callDuplex<S extends ServiceName, M extends MethodName<S>, Received>(
  channel: Channel,
  service: S,
  name: M,
  decode: (bytes: Buffer) => Received,
): ClientDuplexStream<RequestOf<S, M>, Received> {
  const method = methodOf(service, name);
  return channel.client.makeBidiStreamRequest(method.path, method.encodeRequest, decode, channel.metadata, {});
}

function called(channel: Channel, method: string, { timeoutMs }: CallOptions) {
  return { address: channel.address, method, ...(timeoutMs !== undefined && { timeoutMs }) };
}
