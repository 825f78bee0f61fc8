import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { ExecutionContext } from "ava";
import { callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { listenForLanes } from "../../rpc/lane/lane-listener.js";
import { type Handlers, implement, serveCarried } from "../../rpc/server/implement.js";
import type { WireBatch } from "../conformance/wire.js";

/** The address of a peer that answers as the server behind `honest` does, but for the calls in `changes`; its streams come by gRPC or a lane. */
export async function startPeer(
  t: ExecutionContext,
  honest: Channel,
  changes: Partial<Handlers<"DataService">>,
): Promise<string> {
  const server = new Server();
  const handlers: Handlers<"DataService"> = {
    describeDataset: (request) => callUnary(honest, "DataService", "describeDataset", request),
    describeRun: (request) => callUnary(honest, "DataService", "describeRun", request),
    readLocations: (request) => callUnary(honest, "DataService", "readLocations", request),
    preview: (request) => callUnary(honest, "DataService", "preview", request),
    async *getBatch() {},
    async *readCase() {},
    async stream() {},
    openLane: async (_, { caller }) => lanes.offer(caller),
    ...changes,
  };
  implement(server, "DataService", handlers);
  const lanes = await listenForLanes({
    mostLanes: 8,
    mostMessageBytes: 8 << 20,
    heartbeatMs: 10_000,
    ticketMs: 10_000,
    ticketTimeoutMs: 10_000,
    serve: serveCarried("DataService", "stream", handlers, {}),
    onRefused: () => {},
  });
  t.teardown(() => lanes[Symbol.asyncDispose]());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  t.teardown(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

/** A stream that answers each want with the batch that `answer` gives for its step. */
export function answering(answer: (step: number) => Promise<WireBatch>): Handlers<"DataService">["stream"] {
  return async ({ requests, send }) => {
    for await (const request of requests) {
      if (request.kind === "start") {
        const { specSha256, timeline, rank, ranks } = request.start;
        const digest = Buffer.from(specSha256).toString("hex");
        await send({ kind: "started", started: { digest, timeline, rank, ranks, readsPace: false } });
      }
      if (request.kind !== "want") continue;
      const { firstStep, count } = request.want;
      for (let step = firstStep; step < firstStep + count; step++) {
        const { begin, bytes, checksum } = await answer(step);
        await send({ kind: "batchBegin", batchBegin: begin });
        await send({ kind: "chunk", chunk: { step: begin.step, offset: 0, data: bytes } });
        await send({ kind: "batchEnd", batchEnd: { step: begin.step, checksum } });
      }
    }
  };
}
