import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import type { CarrierChoice } from "../../client/transport/carrier.js";
import type { DataServer } from "../../loader/server/serve.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { codec } from "../../rpc/codec/codec.js";
import { LAST, MESSAGE, PREFIX_BYTES, prefixOf } from "../../rpc/lane/lane-frame.js";
import { startPeer } from "../client/peer.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { pem } from "./carrier.js";
import type { HeldBatch } from "./held/held-client.js";
import { heldClient } from "./held/hold.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES } from "./small-run.js";
import { startProxy } from "./tcp-proxy.js";
import { describe, getBatch, openGrpc, UNCHECKED } from "./wire.js";

const server = oneServer(test);
const { hold } = heldClient(test, { deadlineMs: 25_000 });

const offer = (channel: Channel) => callUnary(channel, "DataService", "openLane", {});

function framed(message: Uint8Array): Buffer {
  return Buffer.concat([prefixOf(MESSAGE, message.length), message]);
}

/** A connection to a lane's port, and what comes on it until it closes. */
async function knock(t: ExecutionContext, port: number): Promise<{ socket: Socket; closed: Promise<Buffer> }> {
  const socket = connectSocket({ host: "127.0.0.1", port });
  t.teardown(() => socket.destroy());
  const pieces: Buffer[] = [];
  socket.on("data", (piece) => pieces.push(piece));
  socket.on("error", () => {});
  const closed = once(socket, "close").then(() => Buffer.concat(pieces));
  await once(socket, "connect");
  return { socket, closed };
}

/** What a lane's server answers to a first message before it hangs up. */
async function answerTo(t: ExecutionContext, port: number, first: Uint8Array): Promise<string> {
  const { socket, closed } = await knock(t, port);
  socket.write(first);
  return (await closed).toString("latin1");
}

async function startOf(channel: Channel): Promise<Buffer> {
  const { spec } = await describe(channel);
  const start = { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 } as const;
  return framed(codec("StreamRequest").encode({ kind: "start", start }));
}

/** Of each stage some steps. */
const STEPS = { from: 6, to: 18 };

/** Batches of each stage of the small run over a carrier. */
async function take(
  t: ExecutionContext,
  address: string,
  carrier: CarrierChoice,
): Promise<Pick<HeldBatch, "checksum" | "carrier">[]> {
  const run = await hold(t, address, { carrier }).openRun(SMALL_RUN, { creditBatches: 3, ...STEPS });
  const all: Pick<HeldBatch, "checksum" | "carrier">[] = [];
  for await (const { checksum, carrier: by } of run.batches()) all.push({ checksum, carrier: by });
  return all;
}

const checksums = (batches: readonly { checksum: number }[]) => batches.map(({ checksum }) => checksum);

/** What `take` gets over gRPC from a server that nobody disturbs. */
let overGrpc: ReturnType<typeof take> | undefined;
async function expected(t: ExecutionContext): Promise<number[]> {
  overGrpc ??= take(t, (await server()).address, "grpc");
  return checksums(await overGrpc);
}

test("auto takes the lane, and a batch says what carried it; the bytes are those over gRPC", async (t) => {
  const { address } = await server();
  const overLane = await take(t, address, "auto");
  t.true(overLane.every(({ carrier }) => carrier === "lane"));
  t.deepEqual(checksums(overLane), await expected(t));
  t.true((await overGrpc)?.every(({ carrier }) => carrier === "grpc"));
});

test("over a Unix socket the lane is the socket beside it", async (t) => {
  const path = join(temporaryFolder(t), "data.sock");
  const events: { readonly event?: string; readonly peer?: string }[] = [];
  const write = (event: object) => events.push(event);
  const logger = { error: write, warn: write, info: write, debug: write };
  const { laneAddress } = await startServer(t, { listen: `unix://${path}`, logger });
  t.is(laneAddress, `unix:${path}.lane`);
  const overLane = await take(t, `unix:${path}`, "lane");
  await take(t, `unix:${path}`, "grpc");
  const peers = events.filter(({ event }) => event === "stream-opened").map(({ peer }) => peer);
  t.deepEqual(peers, [`unix:${path}`, `unix:${path}`], "one peer for the limits, whatever carries its streams");
  t.deepEqual(checksums(overLane), await expected(t));
});

test("over mTLS a lane asks for the certificate that gRPC asks for", async (t) => {
  const ca = pem("authority.pem");
  const { address } = await startServer(t, { tls: { cert: pem("server.pem"), key: pem("server.key"), ca } });
  const client = hold(t, address, { tls: { ca, cert: pem("client.pem"), key: pem("client.key") }, carrier: "lane" });
  const run = await client.openRun(SMALL_RUN, { to: 2 });
  for await (const { carrier } of run.batches()) t.is(carrier, "lane");
  const channel = dial(t, { address }, { tls: { ca, cert: pem("client.pem"), key: pem("client.key") } });
  const { port, ticket } = await offer(channel);
  t.is(await answerTo(t, port, framed(ticket)), "", "plain text is hung up on");
});

test("a ticket opens one lane; a guessed or expired one, or none, opens none", async (t) => {
  const channel = dial(t, await server());
  const { port, ticket } = await offer(channel);
  const first = await knock(t, port);
  first.socket.write(framed(ticket));
  const [alive] = (await once(first.socket, "data")) as [Buffer];
  t.deepEqual(alive, prefixOf(MESSAGE, 0));
  const refused = new RegExp(`grpc-status: ${status.UNAUTHENTICATED}`);
  t.regex(await answerTo(t, port, framed(ticket)), refused);
  t.regex(await answerTo(t, port, framed(Buffer.alloc(32, 1))), refused);
  t.is(await answerTo(t, port, framed(Buffer.alloc(33))), "", "a longer first message is not read");
  const strict = await startServer(t, { laneTicketMs: 0, startTimeoutMs: 100 });
  const late = await offer(dial(t, strict));
  t.regex(await answerTo(t, late.port, framed(late.ticket)), refused);
  t.is(await answerTo(t, late.port, Buffer.alloc(0)), "", "who says nothing is hung up on");
});

test("with a token a ticket is given only for it", async (t) => {
  const guarded = await startServer(t, { token: "secret" });
  t.is((await t.throwsAsync<PatchstreamError>(offer(dial(t, guarded))))?.code, "UNAUTHENTICATED");
  t.is((await offer(dial(t, guarded, { token: "secret" }))).ticket.length, 32);
});

test("whatever bytes come on a lane, the server goes on", async (t) => {
  const channel = dial(t, await server());
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), async (bytes, hasTicket) => {
      const { port, ticket } = await offer(channel);
      const { socket, closed } = await knock(t, port);
      if (hasTicket) socket.write(framed(ticket));
      socket.end(bytes);
      await closed;
    }),
    { numRuns: 40 },
  );
  t.is((await getBatch(channel, { step: 0 })).begin.step, 0);
});

test("who is silent for three heartbeats is hung up on, who sends them is not", async (t) => {
  const watched = await startServer(t, { laneHeartbeatMs: 40 });
  const channel = dial(t, watched);
  const silent = await offer(channel);
  const spoken = await offer(channel);
  t.is(silent.heartbeatMs, 40);
  const { socket } = await knock(t, spoken.port);
  socket.write(framed(spoken.ticket));
  const beating = setInterval(() => socket.write(prefixOf(MESSAGE, 0)), 20);
  t.teardown(() => clearInterval(beating));
  const heard = await answerTo(t, silent.port, Buffer.concat([framed(silent.ticket), await startOf(channel)]));
  t.true(heard.length > 2 * PREFIX_BYTES, "the server has said that it lives");
  t.false(socket.destroyed);
  t.is(socket.readyState, "open");
});

test("a lane whose client reads nothing for max_stall_ms ends, and its slots are free again", async (t) => {
  const watched = await startServer(t, { maxStallMs: 300, metricsPort: 0, slotBudgetBytes: 4 * STAGE_BYTES[2] });
  const channel = dial(t, watched);
  const { port, ticket } = await offer(channel);
  const { socket, closed } = await knock(t, port);
  socket.pause();
  const want = { kind: "want", want: { firstStep: 0, count: RUN_STEPS, stage: 2 } } as const;
  socket.write(Buffer.concat([framed(ticket), await startOf(channel), framed(codec("StreamRequest").encode(want))]));
  const metrics = async () => (await fetch(`http://${watched.metricsAddress}/metrics`)).text();
  for (const line of [
    'patchstream_calls_failed_total{code="LIMIT_EXCEEDED"} 1',
    "\npatchstream_engine_leased_batches 0\n",
  ])
    while (!(await metrics()).includes(line)) await pause(20);
  socket.resume();
  await closed;
  t.pass();
});

test("lanes count among the streams that there may be", async (t) => {
  const small = await startServer(t, { maxStreams: 2 });
  const channel = dial(t, small);
  const { port, ticket } = await offer(channel);
  const { socket } = await knock(t, port);
  socket.write(Buffer.concat([framed(ticket), await startOf(channel)]));
  await once(socket, "data");
  const failure = await openGrpc(channel).failure();
  t.is(failure.code, status.RESOURCE_EXHAUSTED);
});

test("a server that drains ends its lanes in order", async (t) => {
  const draining = await startServer(t);
  const channel = dial(t, draining);
  const { port, ticket } = await offer(channel);
  const { socket, closed } = await knock(t, port);
  socket.write(Buffer.concat([framed(ticket), await startOf(channel)]));
  await once(socket, "data");
  const drained = draining.drain();
  const heard = await closed;
  t.regex(heard.toString("latin1"), new RegExp(`grpc-status: ${status.UNAVAILABLE}`));
  t.true(heard.includes(prefixOf(LAST, 0).subarray(0, 1)));
  await drained;
});

test("without lanes auto goes over gRPC, and a lane that was asked for is refused in one line", async (t) => {
  const { address, laneAddress } = await startServer(t, { lanePort: "none" });
  t.is(laneAddress, undefined);
  const batches = await take(t, address, "auto");
  t.true(batches.every(({ carrier }) => carrier === "grpc"));
  t.deepEqual(checksums(batches), await expected(t));
  const error = await t.throwsAsync<PatchstreamError>(take(t, address, "lane"));
  t.is(error?.code, "UNSUPPORTED");
});

/** A server that has no lane but the port `port`, and sends the batches of `channel` over gRPC; `opened` is called for each stream. */
function withoutLane(t: ExecutionContext, channel: Channel, port: number, opened: () => void): Promise<string> {
  return startPeer(t, channel, {
    openLane: async () => ({ ...(await offer(channel)), port }),
    async stream({ requests, send, carrier }) {
      opened();
      t.is(carrier, "grpc");
      for await (const request of requests) {
        if (request.kind === "start") {
          const { specSha256, timeline, rank, ranks } = request.start;
          const digest = Buffer.from(specSha256).toString("hex");
          await send({ kind: "started", started: { digest, timeline, rank, ranks, readsPace: false } });
        }
        if (request.kind !== "want") continue;
        for (let step = request.want.firstStep; step < request.want.firstStep + request.want.count; step++) {
          const { begin, bytes, checksum } = await getBatch(channel, { step });
          await send({ kind: "batchBegin", batchBegin: begin });
          await send({ kind: "chunk", chunk: { step, offset: 0, data: bytes } });
          await send({ kind: "batchEnd", batchEnd: { step, checksum } });
        }
      }
    },
  });
}

test("where the lane's port cannot be reached auto goes over gRPC", async (t) => {
  const channel = dial(t, await server());
  const dead = await startServer(t);
  const port = Number(((dead as DataServer).laneAddress ?? "").split(":").at(-1));
  await dead.drain();
  let streams = 0;
  const address = await withoutLane(t, channel, port, () => streams++);
  const batches = await take(t, address, "auto");
  t.deepEqual(checksums(batches), await expected(t));
  t.is(streams, 1);
});

test("where the lane's port says nothing auto goes over gRPC, and each replica's is tried once", async (t) => {
  const channel = dial(t, await server());
  let connections = 0;
  const silent = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    t.teardown(() => socket.destroy());
  });
  t.teardown(() => silent.close());
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const { port } = silent.address() as AddressInfo;
  const addresses = [await withoutLane(t, channel, port, () => {}), await withoutLane(t, channel, port, () => {})];
  const run = await hold(t, addresses, { carrier: "auto" }).openRun(SMALL_RUN, { creditBatches: 3, ...STEPS });
  const found: number[] = [];
  for await (const { checksum } of run.batches()) found.push(checksum);
  t.deepEqual(found, await expected(t));
  t.is(connections, addresses.length);
});

test("a lane that is cut in the middle of a batch costs nothing but the time to ask again", async (t) => {
  const { address } = await server();
  const proxy = await startProxy(t, address);
  proxy.cutAfter(1_000_000);
  const batches = await take(t, proxy.address, "lane");
  t.deepEqual(checksums(batches), await expected(t));
});
