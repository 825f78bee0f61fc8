import type { ClientDuplexStream, Metadata, ServiceError, StatusObject } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import { setChecksum, verifyChecksum } from "../checksum.js";
import { type MethodName, methodOf, type RequestOf, type ResponseOf, type ServiceName } from "../service.js";
import { fromStatus } from "../status.js";
import type { Channel } from "./channel.js";

export interface CallOptions {
  /** The call fails with DEADLINE after this. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told who has answered, as gRPC names peers (`host:port`). */
  readonly onPeer?: (peer: string) => void;
}

function deadline({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

const asBytes = (bytes: Buffer) => bytes;

function headers({ metadata }: Channel, request: Buffer): Metadata {
  setChecksum(metadata, request);
  return metadata;
}

/** What to do about a peer whose messages are not those of the protocol. */
export const OTHER_VERSION = "Use the same version of patchstream at both ends.";

/**
 * Reads an answer. Throws MESSAGE_DAMAGED for bytes that are no such message, INTERNAL where they came `asSent`: the server's protocol is
 * another one.
 */
function decodeAnswer<Message>(
  method: string,
  decode: (bytes: Uint8Array) => Message,
  bytes: Buffer,
  asSent = false,
): Message {
  try {
    return decode(bytes);
  } catch (cause) {
    const what = `the answer of ${method}`;
    if (!asSent) throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what }, undefined, { cause });
    const reason = "it came whole and cannot be read";
    throw new PatchstreamError({ code: "INTERNAL", where: what, reason }, OTHER_VERSION, { cause });
  }
}

/** Begins a call. Where the channel has been closed for a new one meanwhile, nothing is sent: that is UNAVAILABLE, to be asked again. */
function onOpen<Call>(channel: Channel, begin: (channel: Channel) => Call): Call {
  try {
    return begin(channel);
  } catch (cause) {
    const reason = "the connection was given up for a new one";
    throw new PatchstreamError({ code: "UNAVAILABLE", address: channel.address, reason }, "Call again.", { cause });
  }
}

/**
 * Calls a method with one request and one answer. Throws UNAVAILABLE within two seconds where the channel's first connection
 * cannot be made, MESSAGE_DAMAGED for an answer that does not match its checksum, INTERNAL for one that does and is none of this version,
 * and what the server said otherwise.
 */
export async function callUnary<S extends ServiceName, M extends MethodName<S>>(
  channel: Channel,
  service: S,
  name: M,
  request: RequestOf<S, M>,
  options: CallOptions = {},
): Promise<ResponseOf<S, M>> {
  const method = methodOf(service, name);
  const { signal } = options;
  await channel.contact(options);
  signal?.throwIfAborted();
  const bytes = method.encodeRequest(request);
  const { answer, trailers } = await new Promise<{ answer: Buffer; trailers: Metadata }>((resolve, reject) => {
    let answer: Buffer | undefined;
    const call = onOpen(channel, ({ client }) =>
      client.makeUnaryRequest(
        method.path,
        asBytes,
        asBytes,
        bytes,
        headers(channel, bytes),
        deadline(options),
        (failure: ServiceError | null, response?: Buffer) => {
          signal?.removeEventListener("abort", cancel);
          answer = response;
          if (signal?.aborted) reject(signal.reason);
          else if (failure) reject(callFailure(failure, channel, name, options));
          else options.onPeer?.(call.getPeer());
        },
      ),
    );
    // It comes right behind the answer, with the trailers.
    call.on("status", ({ metadata }: StatusObject) => {
      if (answer !== undefined) resolve({ answer, trailers: metadata });
    });
    const cancel = () => call.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
  });
  const isAsSent = verifyChecksum(trailers, answer, `the answer of ${name}`);
  return decodeAnswer(name, method.decodeResponse, answer, isAsSent);
}

/** Calls a method that answers with a stream. Leaving the loop cancels the call. Throws as `callUnary` does. */
export async function* callStream<S extends ServiceName, M extends MethodName<S>>(
  channel: Channel,
  service: S,
  name: M,
  request: RequestOf<S, M>,
  options: CallOptions = {},
): AsyncGenerator<ResponseOf<S, M>> {
  const method = methodOf(service, name);
  const { signal } = options;
  await channel.contact(options);
  signal?.throwIfAborted();
  const bytes = method.encodeRequest(request);
  const call = onOpen(channel, ({ client }) =>
    client.makeServerStreamRequest(method.path, asBytes, asBytes, bytes, headers(channel, bytes), deadline(options)),
  );
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for await (const message of call) yield decodeAnswer(name, method.decodeResponse, message as Buffer);
  } catch (failure) {
    if (signal?.aborted) throw signal.reason;
    if (failure instanceof PatchstreamError) throw failure;
    throw callFailure(failure as ServiceError, channel, name, options);
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** Opens a call that both sides stream on; its failures are grpc-js's, for `callFailure`. Messages arrive as `decode` makes them. */
export function callDuplex<S extends ServiceName, M extends MethodName<S>, Received>(
  channel: Channel,
  service: S,
  name: M,
  decode: (bytes: Buffer) => Received,
): ClientDuplexStream<RequestOf<S, M>, Received> {
  const method = methodOf(service, name);
  return channel.client.makeBidiStreamRequest(method.path, method.encodeRequest, decode, channel.metadata, {});
}

/** The typed failure of a call; a refusal for want of a token names the server and the flag. */
export function callFailure(
  failure: ServiceError,
  { address, flagPrefix }: Channel,
  method: string,
  { timeoutMs }: CallOptions = {},
): PatchstreamError {
  const error = fromStatus(failure, { address, method, ...(timeoutMs !== undefined && { timeoutMs }) });
  const { facts } = error;
  if (facts.code !== "UNAUTHENTICATED") return error;
  const hint = `Give the server's token with --${flagPrefix}token-file.`;
  return new PatchstreamError({ ...facts, reason: `${address}: ${facts.reason}` }, error.hint ?? hint, {
    cause: failure,
  });
}
