import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { Messages } from "../../proto/messages.js";
import { callStream, callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { codec } from "../../rpc/codec/codec.js";
import { methodOf } from "../../rpc/service.js";
import { CARRIER } from "./carrier.js";
import { SMALL_RUN } from "./small-run.js";
import { openWireLane } from "./wire-lane.js";

type Response = Messages["StreamResponse"];

/** Nothing on the wire is waited for longer: what never comes is DEADLINE_EXCEEDED in the test that waits for it. */
const LONGEST_MS = 60_000;

/** A batch put together from its frames. */
export interface WireBatch {
  readonly begin: Messages["BatchBegin"];
  readonly bytes: Buffer;
  /** What the end says of them. */
  readonly checksum: number;
  readonly chunks: readonly { readonly offset: number; readonly length: number }[];
}

/** A call of `Stream` as bytes, over what carries it. */
export interface WireCall {
  write(bytes: Buffer): void;
  /** Says that nothing more will be sent. */
  end(): void;
  cancel(): void;
  /** The next message; undefined when the server has ended the call with OK. Throws what it ended with otherwise. */
  next(): Promise<Buffer | undefined>;
}

/** A call over gRPC, which reads nothing that is not asked for. */
export function openWireGrpc({
  client,
  metadata,
}: Channel): WireCall & { readonly grpc: ClientDuplexStream<Buffer, Buffer> } {
  const bytes = (message: Buffer) => message;
  const { path } = methodOf("DataService", "stream");
  const call = client.makeBidiStreamRequest(path, bytes, bytes, metadata, { deadline: Date.now() + LONGEST_MS });
  const responses = call[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    grpc: call,
    write: (message) => call.write(message),
    end: () => call.end(),
    cancel: () => call.cancel(),
    async next() {
      const { done, value } = await responses.next();
      return done ? undefined : value;
    },
  };
}

/** A stream as the wire sees it: messages out, messages in, nothing done on its own. */
export class WireStream<Call extends WireCall = WireCall> {
  readonly call: Call;

  constructor(call: Call) {
    this.call = call;
  }

  send(message: Messages["StreamRequest"]): void {
    this.sendBytes(codec("StreamRequest").encode(message));
  }

  sendBytes(bytes: Buffer): void {
    this.call.write(bytes);
  }

  want(firstStep: number, count = 1, stage?: number): void {
    this.send({ kind: "want", want: { firstStep, count, ...(stage !== undefined && { stage }) } });
  }

  report(stage: number, fromStep: number): void {
    this.send({ kind: "stageReport", stageReport: { stage, fromStep, reason: "test", metrics: {}, hold: true } });
  }

  cancel(firstStep: number, count: number): void {
    this.send({ kind: "cancel", cancel: { firstStep, count } });
  }

  /** The next message; undefined when the server has ended the stream with OK. Throws what it ended with otherwise. */
  async next(): Promise<Response | undefined> {
    const bytes = await this.call.next();
    return bytes && codec("StreamResponse").decode(bytes);
  }

  async expect<Kind extends NonNullable<Response["kind"]>>(kind: Kind): Promise<Extract<Response, { kind: Kind }>> {
    const message = await this.next();
    if (message?.kind !== kind) throw new Error(`${message?.kind ?? "the end"} came instead of ${kind}`);
    return message as Extract<Response, { kind: Kind }>;
  }

  /** The next batch: its begin, chunks and end, with nothing in between. */
  async batch(): Promise<WireBatch> {
    return this.rest((await this.expect("batchBegin")).batchBegin);
  }

  /** What follows a begin. */
  async rest(begin: Messages["BatchBegin"]): Promise<WireBatch> {
    const parts: Uint8Array[] = [];
    const chunks: { offset: number; length: number }[] = [];
    for (;;) {
      const message = await this.next();
      if (message?.kind === "chunk") {
        parts.push(message.chunk.data);
        chunks.push({ offset: message.chunk.offset, length: message.chunk.data.length });
      } else if (message?.kind === "batchEnd") {
        const { checksum } = message.batchEnd;
        return { begin, bytes: Buffer.concat(parts), checksum, chunks };
      } else throw new Error(`${message?.kind ?? "the end"} came inside of a batch`);
    }
  }

  /** Reads on to the end; the error it ended with. */
  async failure(): Promise<ServiceError> {
    try {
      while ((await this.next()) !== undefined);
    } catch (error) {
      return error as ServiceError;
    }
    throw new Error("the stream ended with OK");
  }
}

/** For a spec that the server need not hold against its SHA-256. */
export const UNCHECKED = new Uint8Array();

/** Asks for a data set's description. */
export const FIRST_PAGE = { pageSize: 0, pageToken: "" } as const;

export function specBytes(spec: object = SMALL_RUN): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(spec));
}

export function describe(
  channel: Channel,
  spec: object = SMALL_RUN,
  ranks = 1,
): Promise<Messages["DescribeRunResponse"]> {
  const request = { spec: specBytes(spec), specSha256: UNCHECKED, ranks };
  return callUnary(channel, "DataService", "describeRun", request, { timeoutMs: LONGEST_MS });
}

/** A stream over what the rules are held over. */
export function openStream(channel: Channel): WireStream {
  return new WireStream(CARRIER === "lane" ? openWireLane(channel) : openWireGrpc(channel));
}

/** A stream over gRPC. */
export function openGrpc(channel: Channel) {
  return new WireStream(openWireGrpc(channel));
}

/** The small run with another order of data: nobody else's stream has the same batches. */
export async function otherOrder(channel: Channel, seed: number): Promise<Pick<Messages["Start"], "spec">> {
  return { spec: (await describe(channel, { ...SMALL_RUN, seed })).spec };
}

/** Opens a stream and waits for Started. */
export async function start(channel: Channel, overrides: Partial<Messages["Start"]> = {}): Promise<WireStream> {
  return startOn(openStream(channel), channel, overrides);
}

/** The same over gRPC, whatever the rules are held over. */
export async function startGrpc(channel: Channel, overrides: Partial<Messages["Start"]> = {}) {
  return startOn(openGrpc(channel), channel, overrides);
}

async function startOn<Stream extends WireStream>(
  stream: Stream,
  channel: Channel,
  overrides: Partial<Messages["Start"]>,
): Promise<Stream> {
  const spec = overrides.spec ?? (await describe(channel)).spec;
  stream.send({
    kind: "start",
    start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1, ...overrides },
  });
  await stream.expect("started");
  return stream;
}

export async function getBatch(channel: Channel, request: Partial<Messages["GetBatchRequest"]>): Promise<WireBatch> {
  const whole = {
    spec: specBytes(),
    specSha256: UNCHECKED,
    timeline: "TIMELINE_TRAIN",
    step: 0,
    rank: 0,
    ranks: 1,
    ...request,
  } as const;
  const parts: Uint8Array[] = [];
  const chunks: { offset: number; length: number }[] = [];
  let begin: Messages["BatchBegin"] | undefined;
  let checksum = 0;
  for await (const frame of callStream(channel, "DataService", "getBatch", whole, { timeoutMs: LONGEST_MS })) {
    if (frame.kind === "batchBegin") begin = frame.batchBegin;
    if (frame.kind === "batchEnd") checksum = frame.batchEnd.checksum;
    if (frame.kind !== "chunk") continue;
    parts.push(frame.chunk.data);
    chunks.push({ offset: frame.chunk.offset, length: frame.chunk.data.length });
  }
  if (begin === undefined) throw new Error("no batch began");
  return { begin, bytes: Buffer.concat(parts), checksum, chunks };
}
