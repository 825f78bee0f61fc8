import {
  Metadata,
  type Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import { services } from "../../proto/messages.js";
import type { Carrier } from "../carrier.js";
import { setChecksum, verifyChecksum } from "../checksum.js";
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
import type { AuditLog, Concern } from "./audit-log.js";
import { CallRecord } from "./call-record.js";
import { type Caller, callerOf, type Introduced } from "./caller.js";
import type { ClientLimits } from "./client-limits.js";
import { MAX_MESSAGE_BYTES } from "./listen.js";
import { codeOf, type LoggedCall } from "./service-log.js";
import type { EndedCall } from "./service-metrics.js";
import { resetCall, type StallLimits, watchStalls } from "./stall.js";
import type { AcceptedTokens } from "./tokens.js";

/** What a handler may know of its call. */
export interface CallContext {
  /** Aborted when the call is over for the client: cancelled, past its deadline, or its connection gone. */
  readonly signal: AbortSignal;
  readonly caller: Caller;
  /** Tells the audit log what the call is about. */
  concern(what: Concern): void;
}

/** A call that both sides stream on. */
export interface DuplexCall<Request, Response> extends CallContext {
  readonly carrier: Carrier;
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
type Emitter = Introduced & {
  on(event: "cancelled", listener: () => void): unknown;
  readonly metadata: Metadata;
};

export interface ImplementOptions {
  /** Calls must carry one of these. A call that streams ends when its token is revoked. */
  readonly tokens?: AcceptedTokens | undefined;
  /** What one client may take. */
  readonly clients?: ClientLimits;
  /** Has a line of every call. */
  readonly audit?: AuditLog | undefined;
  /** When a call whose peer takes nothing of what is on its way to it is closed. Absent: never. */
  readonly stall?: StallLimits;
  /** Bytes of a request message; more is LIMIT_EXCEEDED. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Asked before each call, by method and peer: throws for one too many, or gives a function that is called when the call is over. */
  readonly admit?: (method: string, peer: string) => () => void;
  /** Told of every call that ends with an error. */
  readonly onFailure?: (error: unknown, call: LoggedCall) => void;
  /** Told of every call that is over, but for those that both sides stream on. */
  readonly onEnd?: (call: EndedCall) => void;
}

/** What all calls of one service share. */
interface Rules extends ImplementOptions {
  /** A request, read from its bytes; throws for one that is too large, damaged or no such message. */
  read(method: AnyMethod, bytes: Buffer, metadata?: Metadata): unknown;
}

function rulesOf(options: ImplementOptions): Rules {
  const { maxMessageBytes: max = MAX_MESSAGE_BYTES } = options;
  return {
    ...options,
    read(method, bytes, metadata) {
      if (bytes.length > max)
        throw new PatchstreamError({ code: "LIMIT_EXCEEDED", limit: "max_message_bytes", got: bytes.length, max });
      if (metadata) verifyChecksum(metadata, bytes, `the request of ${method.name}`);
      return method.decodeRequest(bytes);
    },
  };
}

/** Throws for a call that may not begin; the function it gives ends it. */
function enter(method: AnyMethod, caller: Caller, { clients, admit }: ImplementOptions): () => void {
  caller.revoked?.throwIfAborted(); // a lane's ticket may be older
  const leaveClient = clients?.enter(caller);
  try {
    const leave = admit?.(method.name, caller.peer);
    return () => {
      leave?.();
      leaveClient?.();
    };
  } catch (error) {
    leaveClient?.();
    throw error;
  }
}

/** Adds a service of the .proto files to a grpc-js server. */
export function implement<S extends ServiceName>(
  server: Server,
  service: S,
  handlers: Handlers<S>,
  options: ImplementOptions = {},
): void {
  const implementation: UntypedServiceImplementation = {};
  const rules = rulesOf(options);
  const definitions = Object.fromEntries(
    (Object.keys(services[service]) as MethodName<S>[]).map((name) => {
      const method = methodOf(service, name) as AnyMethod;
      const handler = handlers[name] as unknown;
      const { requestStream, responseStream } = method.definition;
      if (requestStream) implementation[name] = duplexAdapter(method, handler as DuplexHandler, rules);
      else if (responseStream) implementation[name] = streamAdapter(method, handler as StreamHandler, rules);
      else implementation[name] = unaryAdapter(method, handler as UnaryHandler, rules);
      return [name, method.definition];
    }),
  );
  server.addService(definitions, implementation);
}

/** Aborts when the call is over for the client. */
function closing(call: Emitter): AbortSignal {
  const closed = new AbortController();
  call.on("cancelled", () => {
    const facts = { address: call.getPeer(), reason: "the call has closed" };
    closed.abort(new PatchstreamError({ code: "UNAVAILABLE", ...facts }, "Call again."));
  });
  return closed.signal;
}

type UnaryHandler = (request: unknown, context: CallContext) => Promise<unknown>;

/** A call that has come. */
interface Visit {
  readonly method: AnyMethod;
  readonly signal: AbortSignal;
  /** What is known of its caller before its token is looked at. */
  readonly introduced: Caller;
  /** The caller with what its token says. Throws UNAUTHENTICATED. */
  recognise(): Caller;
  /** Of a call that both sides stream on. */
  readonly carrier?: Carrier;
  /** Closes a call that streams at once. */
  reset?(): void;
}

/** A call that gRPC has brought. */
function visitOf(method: AnyMethod, call: Emitter, { tokens }: Rules): Visit {
  const introduced = callerOf(call);
  return {
    method,
    signal: closing(call),
    introduced,
    recognise: () => ({ ...introduced, ...tokens?.check(call.metadata, method.definition.originalName ?? "") }),
  };
}

/**
 * Has `use` serve one call: who makes it is checked, it is let in, served and let out, and how it ended is written down. One that
 * streams is closed when its token is revoked. Throws what any of this throws.
 */
async function serveVisit(visit: Visit, rules: Rules, use: (context: CallContext) => Promise<void>): Promise<void> {
  const { method, signal, introduced, carrier, reset } = visit;
  const { peer } = introduced;
  const startedMs = performance.now();
  const record = new CallRecord(rules.audit, method.name, introduced, carrier);
  let caller = introduced;
  const tell = (error: unknown) => rules.onFailure?.(error, { method: method.name, peer });
  const over = (failed?: { readonly error: unknown }) => {
    const seconds = (performance.now() - startedMs) / 1_000;
    if (carrier === undefined) rules.onEnd?.({ method: method.name, seconds, ...failed });
    if (caller.revoked?.aborted) record.end(codeOf(caller.revoked.reason));
    else if (signal.aborted) record.end("GONE");
    else record.end(failed === undefined ? "OK" : codeOf(failed.error));
  };
  const revoke = () => {
    tell(caller.revoked?.reason);
    reset?.();
  };
  try {
    caller = visit.recognise();
    record.recognise(caller);
    const leave = enter(method, caller, rules);
    if (reset !== undefined) caller.revoked?.addEventListener("abort", revoke, { once: true });
    try {
      await use({ signal, caller, concern: (what) => record.concern(what) });
    } finally {
      leave();
    }
  } catch (error) {
    if (reset === undefined || !signal.aborted) tell(error);
    over({ error });
    throw error;
  } finally {
    caller.revoked?.removeEventListener("abort", revoke);
  }
  over();
}

/** The bytes of a frame. */
function bytesOf(frame: Frame): Buffer {
  if (Buffer.isBuffer(frame)) return frame;
  const bytes = Buffer.allocUnsafe(frame.byteLength);
  frame.copy(bytes, 0);
  return bytes;
}

function unaryAdapter(method: AnyMethod, handler: UnaryHandler, rules: Rules) {
  return (call: ServerUnaryCall<Buffer, Frame>, callback: sendUnaryData<Frame>) => {
    const answer = async (context: CallContext) => {
      const request = rules.read(method, call.request, call.metadata);
      const bytes = bytesOf(method.encodeResponse(await handler(request, context)));
      const trailers = new Metadata();
      setChecksum(trailers, bytes);
      callback(null, bytes, trailers);
    };
    serveVisit(visitOf(method, call, rules), rules, answer).catch((error: unknown) => callback(toStatus(error)));
  };
}

/** Writes one message at a time or many: each promise resolves with the callback of its own write. */
function sender(
  call: { write(message: Frame, done: (error?: Error | null) => void): boolean },
  signal: AbortSignal,
): (frame: Frame) => Promise<void> {
  const free = memoryFreer();
  return (frame) =>
    new Promise((resolve, reject) => {
      const close = () => reject(signal.reason);
      if (signal.aborted) return close();
      signal.addEventListener("abort", close, { once: true });
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

/** What sends the messages of a call. */
interface SendingCall {
  /** Resolves when the frame's memory may change. */
  sendFrame(frame: Frame): Promise<void>;
  /** Closes the call at once and throws away what is on its way. */
  reset(): void;
}

/** A sender that closes the call of a peer that has stopped reading. */
function watchedSender(
  call: SendingCall,
  method: AnyMethod,
  { peer, stall, onFailure }: Pick<ImplementOptions, "stall" | "onFailure"> & { readonly peer: string },
): (message: unknown) => Promise<void> {
  const send = (message: unknown) => call.sendFrame(method.encodeResponse(message));
  if (stall === undefined) return send;
  return watchStalls(send, stall, (error) => {
    onFailure?.(error, { method: method.name, peer });
    call.reset();
  });
}

type StreamHandler = (request: unknown, context: CallContext) => AsyncIterable<unknown>;

function streamAdapter(method: AnyMethod, handler: StreamHandler, rules: Rules) {
  return async (call: ServerWritableStream<Buffer, Frame>) => {
    const reset = () => resetCall(call);
    const visit = { ...visitOf(method, call, rules), reset };
    const { signal, introduced } = visit;
    const send = watchedSender({ sendFrame: sender(call, signal), reset }, method, { ...rules, peer: introduced.peer });
    const answer = async (context: CallContext) => {
      const request = rules.read(method, call.request, call.metadata);
      for await (const message of handler(request, context)) await send(message);
      call.end();
    };
    await serveVisit(visit, rules, answer).catch((error: unknown) => {
      if (!signal.aborted) call.emit("error", toStatus(error));
    });
  };
}

type DuplexHandler = (call: DuplexCall<unknown, unknown>) => Promise<void>;

/** A call that both sides stream on, as what carries it gives it. */
export interface CarriedCall extends SendingCall {
  readonly signal: AbortSignal;
  readonly carrier: Carrier;
  /** The client's messages in order; ends when it has said all. */
  readonly messages: AsyncIterable<Buffer>;
  /** Ends the call in order. */
  end(): void;
  /** Ends it with an error. */
  fail(status: StatusObject): void;
}

/**
 * Serves calls of a method that both sides stream on, whatever carries them: gRPC, or a lane. The function it gives resolves when a
 * call is over.
 */
function duplexServer(
  method: AnyMethod,
  handler: DuplexHandler,
  rules: Rules,
): (call: CarriedCall, visitor: Pick<Visit, "introduced" | "recognise">) => Promise<void> {
  return async (call, visitor) => {
    const { signal, carrier } = call;
    async function* requests(): AsyncGenerator<unknown> {
      for await (const bytes of call.messages) yield rules.read(method, bytes);
    }
    const send = watchedSender(call, method, { ...rules, peer: visitor.introduced.peer });
    const visit = { ...visitor, method, signal, carrier, reset: () => call.reset() };
    try {
      await serveVisit(visit, rules, async (context) => {
        await handler({ ...context, carrier, requests: requests(), send });
        call.end();
      });
    } catch (error) {
      if (!signal.aborted) call.fail(toStatus(error));
    }
  };
}

/** Serves calls that come by another way than gRPC, of callers that have shown by themselves who they are. */
export function serveCarried<S extends ServiceName>(
  service: S,
  name: MethodName<S>,
  handlers: Handlers<S>,
  options: ImplementOptions,
): (call: CarriedCall, caller: Caller) => Promise<void> {
  const method = methodOf(service, name) as AnyMethod;
  const serve = duplexServer(method, handlers[name] as DuplexHandler, rulesOf(options));
  return (call, caller) => serve(call, { introduced: caller, recognise: () => caller });
}

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

function duplexAdapter(method: AnyMethod, handler: DuplexHandler, rules: Rules) {
  const serve = duplexServer(method, handler, rules);
  return async (call: ServerDuplexStream<Buffer, Frame>) => {
    const visit = visitOf(method, call, rules);
    const { signal } = visit;
    const carried: CarriedCall = {
      signal,
      carrier: "grpc",
      messages: messagesOf(call, signal),
      sendFrame: sender(call, signal),
      end: () => call.end(),
      fail: (status) => call.emit("error", status),
      reset: () => resetCall(call),
    };
    await serve(carried, visit);
  };
}
