import type { Attributes, Span, SpanContext, SpanKind, Tracer } from "@opentelemetry/api";
import { packageVersion } from "../package-version.js";

type Api = typeof import("@opentelemetry/api");

/** A part of a batch's life that is over. Times are `performance.now()` of this thread. */
export interface EndedPart {
  readonly name: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly isServer?: boolean;
  readonly attributes?: Attributes;
  readonly parts?: readonly EndedPart[];
}

/** A part that goes on. */
export interface OpenPart {
  /** W3C `traceparent` that makes other spans its children. */
  readonly traceparent: string;
  end(attributes: Attributes): void;
}

/** OpenTelemetry's own attributes of a call of `Stream`, the same at both its ends. */
export const STREAM_CALL: Attributes = {
  "rpc.system": "grpc",
  "rpc.service": "patchstream.v1.DataService",
  "rpc.method": "Stream",
};

/** Spans of batches (docs/reference/traces.md), for the OpenTelemetry SDK that was started in this thread. */
export class Tracing {
  readonly #api: Api;
  readonly #tracer: Tracer;

  constructor(api: Api) {
    this.#api = api;
    this.#tracer = api.trace.getTracer("patchstream", packageVersion);
  }

  /** Begins a trace, as a client that asks a server; undefined for one that the SDK does not sample. */
  begin(name: string, attributes: Attributes): OpenPart | undefined {
    const { ROOT_CONTEXT, SpanKind, TraceFlags } = this.#api;
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, root: true }, ROOT_CONTEXT);
    const context = span.spanContext();
    if ((context.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
    return {
      traceparent: traceparentOf(context),
      end: (more) => void span.setAttributes(more).end(),
    };
  }

  /** Writes down a part and those that it has, below the span that `traceparent` names; nothing where that names none. */
  record(traceparent: string, part: EndedPart): void {
    const parent = readTraceparent(traceparent);
    if (parent !== undefined) this.#record(parent, part);
  }

  /** Has the SDK send what it holds: a thread or process of ours ends without its knowing. */
  async flush(): Promise<void> {
    const provider = this.#api.trace.getTracerProvider() as Flushable & { getDelegate?(): Flushable };
    await (provider.getDelegate?.() ?? provider).forceFlush?.();
  }

  #record(parent: SpanContext, { name, beganMs, endedMs, isServer = false, attributes, parts = [] }: EndedPart): void {
    const { ROOT_CONTEXT, SpanKind, trace } = this.#api;
    const kind: SpanKind = isServer ? SpanKind.SERVER : SpanKind.INTERNAL;
    const options = { kind, startTime: wallMs(beganMs), ...(attributes && { attributes }) };
    const span: Span = this.#tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, parent));
    for (const part of parts) this.#record(span.spanContext(), part);
    span.end(wallMs(endedMs));
  }
}

interface Flushable {
  forceFlush?(): Promise<void>;
}

function wallMs(ms: number): number {
  return performance.timeOrigin + ms;
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** W3C Trace Context, version 00; undefined for what is none, which a peer may send. */
function readTraceparent(text: string): (SpanContext & { readonly isRemote: true }) | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
