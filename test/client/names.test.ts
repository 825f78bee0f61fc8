import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import type { ConnectOptions, Run } from "../../client/types.js";
import { type DataServer, type ServeOptions, serve } from "../../loader/server/serve.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { pem } from "../conformance/carrier.js";
import { SMALL_SERVER, sampleStore } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { type DnsServer, startDns } from "./dns-server.js";

/** A quarter of a million small batches: none of these tests comes to its end. */
const LONG_RUN = {
  dataset: SMALL_RUN.dataset,
  split: SMALL_RUN.split,
  plan: { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] },
  mode: "constant",
} as const;

async function serveAt(t: ExecutionContext, host: string, port: number, options: ServeOptions): Promise<DataServer> {
  const server = await serve(await sampleStore(), { ...SMALL_SERVER, metricsPort: 0, ...options, host, port });
  t.teardown(() => server.drain());
  return server;
}

/** Servers at 127.0.0.1, 127.0.0.2 and so on, all on one port. */
async function replicas(t: ExecutionContext, count: number, options: ServeOptions = {}) {
  const first = await serveAt(t, "127.0.0.1", 0, options);
  const port = Number(first.address.split(":")[1]);
  const others = Array.from({ length: count - 1 }, (_, index) => serveAt(t, `127.0.0.${index + 2}`, port, options));
  return { port, servers: [first, ...(await Promise.all(others))] };
}

function dial(t: ExecutionContext, dns: DnsServer, port: number, options: ConnectOptions = {}) {
  const client = connect(`dns://${dns.address}/loaders.example:${port}`, options);
  t.teardown(() => client[Symbol.asyncDispose]());
  return client;
}

/** The value of a server's metric, summed over its labels. */
async function metric(server: DataServer | undefined, name: string): Promise<number> {
  const text = await (await fetch(`http://${server?.metricsAddress}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, "gm"))].map(([, value]) => Number(value));
  return values.reduce((sum, value) => sum + value, 0);
}

const sent = (server: DataServer | undefined) => metric(server, "patchstream_batches_sent_total");
const streams = (server: DataServer | undefined) => metric(server, "patchstream_streams");

/** Steps of a run until something has come about; each must come once, in order. */
type GoOn = (enough: (step: number) => boolean | Promise<boolean>) => Promise<void>;

function goThrough(t: ExecutionContext, run: Run): GoOn {
  const batches = run.batches();
  let delivered = 0;
  return async (enough) => {
    for (;;) {
      const { value } = await batches.next();
      t.is(value?.step, delivered);
      if (await enough(delivered++)) return;
    }
  };
}

test("every address of a name is a replica, and each sends the same bytes", async (t) => {
  const { port, servers } = await replicas(t, 3);
  const dns = await startDns(t, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  const run = await dial(t, dns, port).openRun(LONG_RUN, { creditBatches: 6 });
  const checksums: number[] = [];
  for await (const { checksum } of run.batches({ to: 48 })) checksums.push(checksum);
  for (const server of servers) t.true((await sent(server)) > 0);
  const alone = connect(`127.0.0.1:${port}`);
  t.teardown(() => alone[Symbol.asyncDispose]());
  const expected: number[] = [];
  for await (const { checksum } of (await alone.openRun(LONG_RUN)).batches({ to: 48 })) expected.push(checksum);
  t.deepEqual(checksums, expected);
});

test("a replica that is replaced under its name costs no step: the new one is found when the old one fails", async (t) => {
  const { port, servers } = await replicas(t, 3);
  const dns = await startDns(t, ["127.0.0.1", "127.0.0.2"]);
  const goOn = goThrough(t, await dial(t, dns, port).openRun(LONG_RUN));
  await goOn((step) => step === 4);
  t.is(await sent(servers[2]), 0);
  dns.answer(["127.0.0.2", "127.0.0.3"]);
  const asked = dns.asked(1);
  void servers[0]?.drain();
  await asked;
  await goOn(async () => (await sent(servers[2])) > 0);
  t.pass();
});

test("names are looked up again and again: what is new is used, and what is gone is left when it owes nothing", async (t) => {
  const { port, servers } = await replicas(t, 3);
  const dns = await startDns(t, ["127.0.0.1"]);
  const goOn = goThrough(t, await dial(t, dns, port).openRun(LONG_RUN));
  await goOn((step) => step === 4);
  t.is(await streams(servers[0]), 1);
  dns.answer(["127.0.0.2", "127.0.0.3"]);
  await dns.asked(1);
  await goOn(async () => (await streams(servers[0])) === 0);
  for (const server of servers.slice(1)) await goOn(async () => (await sent(server)) > 0);
  t.is(await streams(servers[1]), 1);
});

test("an answer without addresses changes nothing", async (t) => {
  const { port } = await replicas(t, 1);
  const dns = await startDns(t, ["127.0.0.1"]);
  const goOn = goThrough(t, await dial(t, dns, port).openRun(LONG_RUN));
  await goOn((step) => step === 4);
  dns.answer([]);
  await dns.asked(1);
  await goOn((step) => step === 60);
});

test("a replica that its name does not lead to any more goes on until another one takes wants", async (t) => {
  const { port } = await replicas(t, 1);
  const dns = await startDns(t, ["127.0.0.1"]);
  const goOn = goThrough(t, await dial(t, dns, port).openRun(LONG_RUN));
  await goOn((step) => step === 4);
  dns.answer(["127.0.0.9"]); // where nothing listens
  await dns.asked(1);
  await goOn((step) => step === 60);
});

test("a name that nobody knows is told at once, in one line", async (t) => {
  const dns = await startDns(t, []);
  const error = await t.throwsAsync<PatchstreamError>(dial(t, dns, 7070).describeDataset());
  t.regex(error?.message ?? "", /^dns:.*loaders\.example:7070: the name loaders\.example does not resolve\. Check/);
});

test("a name that nobody knows yet is waited for, where that was asked for", async (t) => {
  const { port } = await replicas(t, 1);
  const dns = await startDns(t, []);
  const described = dial(t, dns, port, { waitMs: 60_000 }).describeDataset();
  await dns.asked(1);
  dns.answer(["127.0.0.1"]);
  t.is((await described).name, "Task04_Hippocampus");
});

test("the certificate must be for the name, whatever address it leads to", async (t) => {
  const tls = { cert: pem("server.pem"), key: pem("server.key") };
  const { port } = await replicas(t, 2, { tls });
  const dns = await startDns(t, ["127.0.0.1", "127.0.0.2"]);
  const ca = pem("authority.pem");
  const other = await t.throwsAsync<PatchstreamError>(dial(t, dns, port, { tls: { ca } }).describeDataset());
  t.regex(other?.message ?? "", /certificate is for another name than loaders\.example/);
  const named = dial(t, dns, port, { tls: { ca, serverName: "localhost" } });
  const run = await named.openRun(SMALL_RUN);
  const batches = run.batches();
  const { value: batch } = await batches.next();
  t.is(batch?.step, 0);
  await batches.return?.();
});
