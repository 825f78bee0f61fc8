import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { PatchstreamError, refuseRequest } from "../../../plan/errors.js";
import { bracketed, cannotListen, checkHostAndPort } from "../../../rpc/server/host-and-port.js";
import { toStatus } from "../../../rpc/status.js";
import type { Paces } from "../paces.js";
import { activeAnswer, metricAnswer, readMetricRequest, readScaledObject, type ScaledObject } from "./keda-messages.js";

/** Where KEDA asks. */
export interface ScalerOptions {
  /** KEDA's external scaler on this port (0: any free one). Absent: none. */
  readonly scalerPort?: number;
  /** Address of that port. Default 127.0.0.1. Other addresses tell everybody who reaches them how many servers are needed. */
  readonly scalerHost?: string;
}

export interface Scaler extends AsyncDisposable {
  /** host:port. */
  readonly address: string;
}

/** What a scaler tells of. */
export interface ScaledServer {
  readonly paces: Paces;
  isDraining(): boolean;
}

/** The servers that are needed, in thousandths: whole numbers, which every version of KEDA reads. */
const METRIC = "patchstream-servers";
/** How busy a server should be: above it there is little left for a burst, below it servers stand idle. */
const UTILIZATION = 0.85;
/** For so long a server that nobody has told a pace says so: its clients may not have found it yet. */
const YOUNG_MS = 30_000;
/** KEDA's operator and its metrics server each have a few calls under way. */
const LIMITS = { "grpc.max_receive_message_length": 64 << 10, "grpc.max_concurrent_streams": 32 };

/**
 * Serves KEDA's external scaler by the rule of docs/how-to/scale-data-servers.md; undefined where no port is given. Throws SPEC_INVALID
 * for what is no host or port, UNAVAILABLE where it cannot listen.
 */
export async function serveScaler(
  scaled: ScaledServer,
  { scalerPort: port, scalerHost: host = "127.0.0.1" }: ScalerOptions,
): Promise<Scaler | undefined> {
  if (port === undefined) return undefined;
  checkHostAndPort({ host, port }, { host: "scalerHost", port: "scalerPort" });
  const server = new Server(LIMITS);
  const bytes = (message: Buffer): Buffer => message;
  const method = (name: string, responseStream: boolean) => ({
    path: `/externalscaler.ExternalScaler/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  });
  const answers = answersOf(scaled);
  server.addService(
    {
      isActive: method("IsActive", false),
      streamIsActive: method("StreamIsActive", true),
      getMetricSpec: method("GetMetricSpec", false),
      getMetrics: method("GetMetrics", false),
    },
    {
      isActive: unary(answers.isActive),
      streamIsActive: (call: ServerWritableStream<Buffer, Buffer>) => streamActive(scaled.paces, call),
      getMetricSpec: unary(answers.getMetricSpec),
      getMetrics: unary(answers.getMetrics),
    },
  );
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${bracketed(host)}:${port}`, ServerCredentials.createInsecure(), (error, got) =>
      error ? reject(cannotListen(host, port, error)) : resolve(got),
    ),
  );
  return {
    address: `${bracketed(host)}:${bound}`,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

type Answer = (request: Buffer) => Buffer;

function unary(answer: Answer) {
  return ({ request }: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
    try {
      callback(null, answer(request));
    } catch (error) {
      callback(toStatus(error));
    }
  };
}

function answersOf({ paces, isDraining }: ScaledServer): Record<"isActive" | "getMetricSpec" | "getMetrics", Answer> {
  const startedMs = performance.now();
  return {
    isActive: () => activeAnswer(paces.isActive),
    getMetricSpec: (request) => metricAnswer(METRIC, Math.round(1_000 * utilizationOf(readScaledObject(request)))),
    getMetrics(request) {
      const { metricName } = readMetricRequest(request);
      if (metricName !== METRIC) refuseRequest("metricName", metricName, METRIC);
      const isYoung = performance.now() - startedMs < YOUNG_MS;
      // KEDA takes an error as no reason to scale down; 0 would be one.
      if (isDraining()) throw unknown("it is draining");
      if (isYoung && !paces.isTold) throw unknown("it has just started, and no client has told it a pace yet");
      return metricAnswer(METRIC, Math.round(1_000 * paces.serversNeeded));
    },
  };
}

function unknown(reason: string): PatchstreamError {
  return new PatchstreamError(
    { code: "UNAVAILABLE", address: "this server's scaler", reason },
    "Ask again in a minute.",
  );
}

/** `utilization` of the trigger's metadata. Throws REQUEST_INVALID. */
function utilizationOf({ metadata }: ScaledObject): number {
  const text = metadata.get("utilization") ?? String(UTILIZATION);
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 0.05 || value > 1)
    refuseRequest("scalerMetadata.utilization", text, "a number from 0.05 to 1, such as 0.85");
  return value;
}

/** Tells whether there are streams, now and whenever that changes. */
function streamActive(paces: Paces, call: ServerWritableStream<Buffer, Buffer>): void {
  let told: boolean | undefined;
  const tell = () => {
    if (paces.isActive === told) return;
    told = paces.isActive;
    call.write(activeAnswer(told));
  };
  const stop = paces.watch(tell);
  call.on("cancelled", stop);
  call.on("error", stop);
  tell();
}
