import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { ingest, serve } from "../../loader/index.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/index.js";
import { methodOf } from "../../rpc/service.js";
import { type Logged, spawnService, watchHealth } from "../service-process.js";
import { pem } from "./carrier.js";
import { EventLog } from "./event-log.js";
import { dial, sampleStore, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN } from "./small-run.js";
import { describe, FIRST_PAGE, getBatch, specBytes, start, startGrpc } from "./wire.js";

const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus/", import.meta.url));
const SMALL = ["--workers", "1", "--volume-budget", "64MiB", "--slot-budget", "32MiB"];

/** Patients with names, in a folder with one. */
const PATIENTS = ["Mustermann_Erika", "Mustermann_Max", "Mustermann_Moritz"] as const;
const TOKEN = "geheim-3f9c";

async function storeOfPatients(t: ExecutionContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-log-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const raw = join(folder, "Task04_Hippocampus");
  for (const sub of ["imagesTr", "labelsTr"]) mkdirSync(join(raw, sub), { recursive: true });
  for (const [index, id] of ["hippocampus_003", "hippocampus_052", "hippocampus_060"].entries()) {
    cpSync(join(SAMPLE, "imagesTr", `${id}_0000.nii.gz`), join(raw, "imagesTr", `${PATIENTS[index]}_0000.nii.gz`));
    cpSync(join(SAMPLE, "labelsTr", `${id}.nii.gz`), join(raw, "labelsTr", `${PATIENTS[index]}.nii.gz`));
  }
  const labels = { background: 0, Anterior: 1, Posterior: 2 };
  const dataset = { channel_names: { "0": "MRI" }, labels, numTraining: 3, file_ending: ".nii.gz" };
  writeFileSync(join(raw, "dataset.json"), JSON.stringify(dataset));
  const store = join(folder, "Mustermann-store");
  await ingest(raw, store, { workers: 1 });
  return store;
}

/** Overwrites every file that belongs to a case. */
function damage(store: string, id: string): void {
  for (const entry of readdirSync(store, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && entry.name !== "zarr.json" && join(entry.parentPath, "/").includes(`/${id}/`))
      writeFileSync(join(entry.parentPath, entry.name), "Mustermann");
}

const RUN = { ...SMALL_RUN, split: { train: PATIENTS.slice(0, 2), val: PATIENTS.slice(2) } };

test("the log tells handshakes, tokens, refused and failed calls, streams and the drain, and no secret and no patient", async (t) => {
  const store = await storeOfPatients(t);
  damage(store, PATIENTS[2]);
  const tokens = join(store, "..", "tokens");
  writeFileSync(tokens, `data ${TOKEN}\ntrain other-${TOKEN}\n`);
  const tls = ["--tls-cert", pem("server.pem"), "--tls-key", pem("server.key")];
  const service = await spawnService(
    t,
    "serve",
    store,
    ...SMALL,
    ...tls,
    "--token-file",
    tokens,
    "--log-level",
    "debug",
  );
  const { address, logged } = service;
  t.like(await logged("started"), { level: "info", service: "DataService", address, tls: "server", token: true });

  const plain = connectTcp(Number(address.split(":").at(-1)), "127.0.0.1");
  plain.write(`GET /${PATIENTS[0]} HTTP/1.1\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`);
  plain.on("error", () => {});
  const handshake = await logged("handshake-refused");
  t.regex(String(handshake.peer), /^127\.0\.0\.1:\d+$/);
  t.regex(String(handshake.reason), /^ERR_SSL_/);

  const secure = { ca: pem("authority.pem"), serverName: "localhost" };
  for (const token of [`wrong-${TOKEN}`, `other-${TOKEN}`])
    await t.throwsAsync(
      callUnary(dial(t, { address }, { tls: secure, token }), "DataService", "describeDataset", FIRST_PAGE),
    );
  t.like(await logged("token-refused"), { level: "warn", method: "DescribeDataset" });
  t.truthy(await logged("token-refused", { reason: 'the bearer token lacks the scope "data"' }));

  const session = connectHttp2(`https://${address}`, {
    ca: readFileSync(pem("authority.pem")),
    servername: "localhost",
  });
  t.teardown(() => session.destroy());
  const raw = session.request({
    ":method": "POST",
    ":path": methodOf("DataService", "describeRun").path,
    "content-type": "application/grpc",
    te: "trailers",
    authorization: `Bearer ${TOKEN}-\u00fc`,
    "grpc-encoding": PATIENTS[0],
  });
  raw.end(Buffer.alloc(5));
  await once(raw, "response");
  t.truthy(await logged("call-refused", { method: "DescribeRun", code: "UNSUPPORTED" }));
  t.is((await logged("grpc")).level, "error");

  const channel = dial(t, { address }, { tls: secure, token: TOKEN });
  const { port: lanePort } = await callUnary(channel, "DataService", "openLane", {});
  const plainLane = connectTcp(lanePort, "127.0.0.1", () => plainLane.write("no TLS\r\n"));
  plainLane.on("error", () => {});
  await once(plainLane, "connect");
  t.truthy(await logged("handshake-refused", { peer: `127.0.0.1:${plainLane.localPort}` }));

  const unknown = { ...RUN, split: { train: ["Mustermann_Moni"], val: [] }, Mustermann: 1 };
  await t.throwsAsync(describe(channel, unknown));
  t.truthy(await logged("call-refused", { method: "DescribeRun", code: "SPEC_INVALID" }));
  await t.throwsAsync(getBatch(channel, { spec: specBytes(RUN), step: 999 }));
  t.truthy(await logged("call-refused", { method: "GetBatch", code: "STEP_UNKNOWN" }));
  await t.throwsAsync(getBatch(channel, { spec: specBytes(RUN), timeline: "TIMELINE_VAL" }));
  const failed = await logged("call-failed", { method: "GetBatch", code: "STORE_DAMAGED" });
  t.is(failed.level, "error");
  t.true(Array.isArray(failed.frames));
  await t.throwsAsync(callUnary(channel, "DataService", "readLocations", { case: "Mustermann_Moni", class: 1, k: [] }));
  t.truthy(await logged("call-refused", { method: "ReadLocations", code: "NOT_FOUND" }));

  const { spec, digest } = await describe(channel, RUN);
  const stream = await start(channel, { spec });
  const opened = await logged("stream-opened", { digest, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 });
  stream.want(0, 2);
  const sent = [await stream.batch(), await stream.batch()];
  stream.report(2, 5);
  await stream.expect("stageApplied");
  t.truthy(await logged("stage-changed", { stream: opened.stream, stage: 2, fromStep: 5 }));
  stream.call.end();
  t.is(await stream.next(), undefined);
  const bytes = sent.reduce((sum, batch) => sum + batch.bytes.length, 0);
  t.truthy(await logged("stream-ended", { stream: opened.stream, outcome: "done", batches: 2, bytes }));

  const left = await startGrpc(channel, { spec });
  left.call.grpc.on("error", () => {});
  left.want(0, RUN_STEPS, 2);
  await left.expect("batchBegin");
  left.call.cancel();
  t.truthy(await logged("stream-ended", { outcome: "client-gone" }));

  service.kill("SIGTERM");
  t.is(await service.ended, 0);
  for (const event of ["draining", "listener-closed", "stopped"]) t.is((await logged(event)).level, "info");
  const log = service.lines.join("\n");
  for (const secret of ["Mustermann", TOKEN, "geheim", "Bearer", "PRIVATE", store, "imagesTr", "Moni"])
    t.false(log.includes(secret), `${secret} is in\n${log}`);
});

test("--log-level silent and error write nothing where nothing fails", async (t) => {
  for (const level of ["silent", "error"]) {
    const service = await spawnService(t, "serve", await sampleStore(), ...SMALL, "--log-level", level);
    await t.throwsAsync(getBatch(dial(t, service), { step: 999 }));
    service.kill("SIGTERM");
    t.is(await service.ended, 0);
    t.deepEqual(service.lines, []);
  }
});

test("from TypeScript a server is silent, or writes to the logger that it is given", async (t) => {
  const events: Logged[] = [];
  const write = (event: Logged) => void events.push(event);
  const logger = { error: write, warn: write, info: write, debug: write };
  const budgets = { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 };
  const server = await serve(await sampleStore(), { ...budgets, logger });
  await server.drain();
  t.deepEqual(
    events.map(({ event }) => event),
    ["started", "draining", "listener-closed", "stopped"],
  );
});

test("mTLS: a client without a certificate is in the log with the reason", async (t) => {
  const tls = { cert: pem("server.pem"), key: pem("server.key"), ca: pem("authority.pem") };
  const log = new EventLog();
  const service = await startServer(t, { tls, logger: log.logger });
  t.is((await log.logged("started")).tls, "mutual");
  const stranger = { cert: pem("stranger.pem"), key: pem("stranger.key") };
  const channel = dial(t, service, { tls: { ca: pem("authority.pem"), serverName: "localhost", ...stranger } });
  await t.throwsAsync(describe(channel));
  t.regex(String((await log.logged("handshake-refused")).peer), /^127\.0\.0\.1:\d+$/);
});

test("SIGTERM: health turns NOT_SERVING first, and everything works until the drain delay is over; a second signal ends it at once", async (t) => {
  const service = await spawnService(t, "serve", await sampleStore(), ...SMALL, "--drain-delay", "600");
  const channel = dial(t, service);
  const health = watchHealth(channel);
  t.is((await health.next()).value, "SERVING");
  const before = await start(channel);
  service.kill("SIGTERM");
  t.is((await health.next()).value, "NOT_SERVING");
  t.like(await service.logged("draining"), { delaySeconds: 600 });
  const fresh = dial(t, service);
  t.is((await watchHealth(fresh).next()).value, "NOT_SERVING");
  for (const stream of [before, await start(fresh)]) {
    stream.want(0);
    t.is((await stream.batch()).begin.step, 0);
  }
  service.kill("SIGINT");
  t.is(await service.ended, "SIGINT");
  t.false(service.lines.some((line) => line.includes("listener-closed")));
});

test("after the drain delay the listener closes and streams are drained", async (t) => {
  const log = new EventLog();
  const service = await startServer(t, { drainDelayMs: 200, logger: log.logger });
  const channel = dial(t, service);
  const health = watchHealth(channel);
  t.is((await health.next()).value, "SERVING");
  const stream = await start(channel);
  const drained = service.drain();
  t.is((await health.next()).value, "NOT_SERVING");
  await health.return(undefined);
  const { notice } = await stream.expect("notice");
  t.is(notice.code, "draining");
  await t.throwsAsync(stream.next());
  await log.logged("listener-closed");
  t.is((await t.throwsAsync<PatchstreamError>(describe(dial(t, service))))?.code, "UNAVAILABLE");
  await drained;
  t.is((await log.logged("stream-ended")).outcome, "drained");
});
