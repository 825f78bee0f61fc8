import { timingSafeEqual } from "node:crypto";
import type {
  Metadata,
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import { services } from "../../proto/messages.js";
import type { Frame } from "../codec/framing.js";
import { memoryFreer } from "../free-memory.js";
import {
  type Method,
  type MethodName,
  methodOf,
  type RequestOf,
  type ResponseOf,
  type Sendable,
  type ServiceName,
  type Services,
} from "../service.js";
import { toStatus } from "../status.js";
import { resetCall, watchStalls } from "./stall.js";

/** What a handler may know of its call. */
export interface CallContext {
  /** Aborted when the call is over for the client: cancelled, past its deadline, or its connection gone. */
  readonly signal: AbortSignal;
  readonly peer: string;
}

/** A call that both sides stream on. */
export interface DuplexCall<Request, Response> extends CallContext {
  /** Messages in order; ends when the client has said all. Throws REQUEST_INVALID for bytes that are no such message. */
  readonly requests: AsyncIterable<Request>;
  /**
   * Sends a message; resolves when gRPC has taken its bytes (the memory behind a frame may change from then on), rejects
   * when the call has closed.
   */
  send(message: Sendable<Response>): Promise<void>;
}

type Handler<S extends ServiceName, M extends MethodName<S>> = Services[S][M] extends { requestStream: true }
  ? (call: DuplexCall<RequestOf<S, M>, ResponseOf<S, M>>) => Promise<void>
  : Services[S][M] extends { responseStream: true }
    ? (request: RequestOf<S, M>, context: CallContext) => AsyncIterable<Sendable<ResponseOf<S, M>>>
    : (request: RequestOf<S, M>, context: CallContext) => Promise<ResponseOf<S, M>>;

/**
 * One function a method: a promise for a single answer, an async generator for a stream (it is resumed when gRPC has taken the
 * last message, and returned when the call closes), a DuplexCall where both sides stream. What they throw becomes the
 * call's status (`status.ts`).
 */
export type Handlers<S extends ServiceName> = { readonly [M in MethodName<S>]: Handler<S, M> };

type AnyMethod = Method<unknown, unknown>;
type Emitter = { on(event: "cancelled", listener: () => void): unknown; getPeer(): string };

export interface ImplementOptions {
  /** Calls must carry `authorization: Bearer TOKEN`. */
  readonly token?: string;
  /** Milliseconds for which a peer may take nothing of what is on its way to it; then its call is closed. Absent: no limit. */
  readonly maxStallMs?: number;
  /** Told of every call that ends with an error, as sent. */
  readonly onFailure?: (status: StatusObject, error: unknown) => void;
}

/** Adds a service of the .proto files to a grpc-js server. */
export function implement<S extends ServiceName>(
  server: Server,
  service: S,
  handlers: Handlers<S>,
  options: ImplementOptions = {},
): void {
  const implementation: UntypedServiceImplementation = {};
  const definitions = Object.fromEntries(
    (Object.keys(services[service]) as MethodName<S>[]).map((name) => {
      const method = methodOf(service, name) as AnyMethod;
      const handler = handlers[name] as unknown;
      const { requestStream, responseStream } = method.definition;
      if (requestStream) implementation[name] = duplexAdapter(method, handler as DuplexHandler, options);
      else if (responseStream) implementation[name] = streamAdapter(method, handler as StreamHandler, options);
      else implementation[name] = unaryAdapter(method, handler as UnaryHandler, options);
      return [name, method.definition];
    }),
  );
  server.addService(definitions, implementation);
}

function contextOf(call: Emitter): CallContext {
  const closed = new AbortController();
  call.on("cancelled", () =>
    closed.abort(new PatchstreamError({ code: "UNAVAILABLE", address: call.getPeer(), reason: "the call has closed" })),
  );
  return { signal: closed.signal, peer: call.getPeer() };
}

function authorize(metadata: Metadata, token: string | undefined): void {
  if (token === undefined) return;
  const expected = Buffer.from(`Bearer ${token}`);
  const got = Buffer.from(String(metadata.get("authorization")[0] ?? ""));
  if (got.length !== expected.length || !timingSafeEqual(got, expected))
    throw new PatchstreamError({ code: "UNAUTHENTICATED", reason: "the bearer token is missing or wrong" });
}

/** Ends a streaming call with an error, unless it is over already. */
function fail(
  call: { emit(event: "error", status: StatusObject): boolean },
  signal: AbortSignal,
  error: unknown,
  onFailure: ImplementOptions["onFailure"],
): void {
  if (signal.aborted) return;
  const status = toStatus(error);
  onFailure?.(status, error);
  call.emit("error", status);
}

type UnaryHandler = (request: unknown, context: CallContext) => Promise<unknown>;

function unaryAdapter(method: AnyMethod, handler: UnaryHandler, { token, onFailure }: ImplementOptions) {
  return (call: ServerUnaryCall<Buffer, Frame>, callback: sendUnaryData<Frame>) => {
    const context = contextOf(call);
    const answer = async () => {
      authorize(call.metadata, token);
      return method.encodeResponse(await handler(method.decodeRequest(call.request), context));
    };
    answer().then(
      (bytes) => callback(null, bytes),
      (error: unknown) => {
        const status = toStatus(error);
        onFailure?.(status, error);
        callback(status);
      },
    );
  };
}

/** Writes one message at a time or many: each promise resolves with the callback of its own write. */
function sender(
  call: { write(message: Frame, done: (error?: Error | null) => void): boolean },
  method: AnyMethod,
  signal: AbortSignal,
): (message: unknown) => Promise<void> {
  const free = memoryFreer();
  return (message) =>
    new Promise((resolve, reject) => {
      const close = () => reject(signal.reason);
      if (signal.aborted) return close();
      signal.addEventListener("abort", close, { once: true });
      const frame = method.encodeResponse(message);
      let written: Buffer | undefined;
      const copy: Frame["copy"] = (target, offset) => {
        written = target;
        frame.copy(target, offset);
      };
      call.write({ byteLength: frame.byteLength, copy }, (error) => {
        signal.removeEventListener("abort", close);
        if (error) return reject(error);
        resolve();
        // Node calls back without an error also for a write that a closed call gives up, while the socket may still read its
        // memory. That the call has closed is known a turn later; what it leaves behind is the garbage collector's.
        setImmediate(() => {
          if (written !== undefined && !signal.aborted) free(written);
        });
      });
    });
}

/** A sender that closes the call of a peer that has stopped reading. */
function watchedSender(
  call: Parameters<typeof sender>[0],
  method: AnyMethod,
  signal: AbortSignal,
  { maxStallMs, onFailure }: ImplementOptions,
): (message: unknown) => Promise<void> {
  const send = sender(call, method, signal);
  if (maxStallMs === undefined) return send;
  return watchStalls(send, maxStallMs, (stalledMs) => {
    const error = new PatchstreamError({
      code: "LIMIT_EXCEEDED",
      limit: "maxStallMs",
      got: stalledMs,
      max: maxStallMs,
    });
    onFailure?.(toStatus(error), error);
    resetCall(call);
  });
}

type StreamHandler = (request: unknown, context: CallContext) => AsyncIterable<unknown>;

function streamAdapter(method: AnyMethod, handler: StreamHandler, options: ImplementOptions) {
  return async (call: ServerWritableStream<Buffer, Frame>) => {
    const context = contextOf(call);
    const send = watchedSender(call, method, context.signal, options);
    try {
      authorize(call.metadata, options.token);
      for await (const message of handler(method.decodeRequest(call.request), context)) await send(message);
      call.end();
    } catch (error) {
      fail(call, context.signal, error, options.onFailure);
    }
  };
}

type DuplexHandler = (call: DuplexCall<unknown, unknown>) => Promise<void>;

/**
 * The messages of a call, one at a time: what the handler has not asked for stays with gRPC's flow control. Not the stream's
 * own iterator, which destroys the call when its status is an error, before the status is sent.
 */
async function* messagesOf(call: ServerDuplexStream<Buffer, Frame>, signal: AbortSignal): AsyncGenerator<Buffer> {
  let isOver = false;
  let wake = () => {};
  call.on("readable", () => wake());
  call.on("end", () => {
    isOver = true;
    wake();
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  for (;;) {
    signal.throwIfAborted();
    const message = call.read() as Buffer | null;
    if (message !== null) yield message;
    else if (isOver) return;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}

function duplexAdapter(method: AnyMethod, handler: DuplexHandler, options: ImplementOptions) {
  return async (call: ServerDuplexStream<Buffer, Frame>) => {
    const context = contextOf(call);
    async function* requests(): AsyncGenerator<unknown> {
      for await (const bytes of messagesOf(call, context.signal)) yield method.decodeRequest(bytes);
    }
    try {
      authorize(call.metadata, options.token);
      const send = watchedSender(call, method, context.signal, options);
      await handler({ ...context, requests: requests(), send });
      call.end();
    } catch (error) {
      fail(call, context.signal, error, options.onFailure);
    }
  };
}
