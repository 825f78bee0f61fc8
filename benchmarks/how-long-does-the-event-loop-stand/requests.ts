import { connect } from "node:http2";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { type Channel, callDuplex, callStream, callUnary, methodOf } from "../../rpc/index.js";
import * as specs from "./specs.js";

/** A request that costs its sender little. */
export interface WorstRequest {
  readonly name: string;
  /** Sends it and waits for the answer, whatever that is, or for what it leaves behind to have its effect. */
  send(channel: Channel): Promise<void>;
}

const UNCHECKED = specs.UNCHECKED;
const TRAIN = { timeline: "TIMELINE_TRAIN", step: 0 } as const;
const options = { timeoutMs: 300_000 };

async function describe(channel: Channel, spec: Uint8Array): Promise<void> {
  await callUnary(channel, "DataService", "describeRun", { spec, specSha256: UNCHECKED, ranks: 1 }, options);
}

async function batches(channel: Channel, run: object): Promise<void> {
  const request = { spec: specs.jsonBytes(run), specSha256: UNCHECKED, ...TRAIN, rank: 0, ranks: 1 };
  for (let step = 0; step < 3; step++)
    for await (const _ of callStream(channel, "DataService", "getBatch", { ...request, step }, options));
}

/** Streams that are opened and not read, for 5 s; with a spec they want six batches each, of seeds of their own: they share no cut. */
async function unread(channel: Channel, count: number, run?: object): Promise<void> {
  const described = await Promise.all(
    Array.from({ length: count }, (_, seed) => {
      const request = { spec: specs.jsonBytes({ ...run, seed }), specSha256: UNCHECKED, ranks: 1 };
      return run && callUnary(channel, "DataService", "describeRun", request);
    }),
  );
  const calls = described.map((answer) => {
    const call = callDuplex(channel, "DataService", "stream", (bytes) => bytes);
    call.on("error", () => {});
    if (answer === undefined) return call;
    call.write({
      kind: "start",
      start: { spec: answer.spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
    });
    call.write({ kind: "want", want: { firstStep: 0, count: 6 } });
    return call;
  });
  await setTimeout(5_000);
  for (const call of calls) call.cancel();
}

/** Small compressed messages that would inflate to a thousand times their size. */
async function gzipBombs({ address }: Channel): Promise<void> {
  const bomb = gzipSync(Buffer.alloc(1 << 28));
  const head = Buffer.from([1, 0, 0, 0, 0]);
  head.writeUInt32BE(bomb.length, 1);
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  const { path } = methodOf("DataService", "describeRun");
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      const call = session.request({ ...headers, "grpc-encoding": "gzip" });
      call.on("error", () => {});
      call.resume();
      call.end(Buffer.concat([head, bomb]));
      await new Promise((resolve) => call.once("close", resolve));
    }),
  );
  session.destroy();
}

export const WORST_REQUESTS: readonly WorstRequest[] = [
  { name: "nothing", send: () => setTimeout(3_000) },
  {
    name: "spec of 128 KiB of escaped quotes",
    send: (channel) => describe(channel, Buffer.from(`"${'\\"'.repeat(1 << 16)}`)),
  },
  { name: "spec of 1 MiB of brackets", send: (channel) => describe(channel, Buffer.from("[".repeat(1 << 20))) },
  { name: "spec of 60,000 fields", send: (channel) => describe(channel, specs.jsonBytes(specs.MANY_FIELDS)) },
  { name: "run of 1,024 stages", send: (channel) => describe(channel, specs.jsonBytes(specs.MANY_STAGES)) },
  { name: "3 batches of 65,536 samples (now refused)", send: (channel) => batches(channel, specs.TOO_MANY_SAMPLES) },
  { name: "3 batches of 8,192 samples", send: (channel) => batches(channel, specs.MANY_SAMPLES) },
  {
    name: "preview of 16 patches of 2048 x 2048",
    async send(channel) {
      const request = { spec: specs.jsonBytes(specs.LARGE_PATCHES), ...TRAIN };
      await callUnary(channel, "DataService", "preview", request, options);
    },
  },
  { name: "50 gzip bombs", send: gzipBombs },
  { name: "250 streams that say nothing", send: (channel) => unread(channel, 250) },
  { name: "6 unread streams of 31 MB batches", send: (channel) => unread(channel, 6, specs.LARGE_BATCHES) },
];
