import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceError } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import { AuditLog } from "../../rpc/server/audit-log.js";
import { failureOf, fromStatus } from "../../rpc/status.js";
import { pem } from "./carrier.js";
import { EventLog } from "./event-log.js";
import { dial, startServer } from "./served-store.js";
import { RUN_STEPS, STAGE_BYTES } from "./small-run.js";
import { describe, FIRST_PAGE, getBatch, openGrpc, startGrpc, WireStream } from "./wire.js";
import { openWireLane } from "./wire-lane.js";

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-callers-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Line = Readonly<Record<string, unknown>>;

function linesOf(file: string): Line[] {
  const text = readFileSync(file, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** A line that is not there by then does not come. */
const LONGEST_MS = 30_000;

/** Waits for a line at the end of a file: what a call has left there may come a moment after its answer. */
async function lineOf(file: string, wanted: Line): Promise<Line> {
  for (const endMs = performance.now() + LONGEST_MS; performance.now() < endMs; ) {
    const found = linesOf(file).find((line) => Object.entries(wanted).every(([name, value]) => line[name] === value));
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${JSON.stringify(wanted)} is not in\n${readFileSync(file, "utf8")}`);
}

const TOKENS = [
  { token: "secret-of-one", name: "node-1", scopes: ["data"] },
  { token: "secret-of-two", name: "node-2", scopes: ["data"] },
  { token: "secret-of-a-trainer", name: "trainer", scopes: ["train"] },
] as const;

test("the audit log has who called what, about which run, and how it ended, and no token", async (t) => {
  const auditLog = join(folderOf(t), "audit.jsonl");
  const tls = { cert: pem("server.pem"), key: pem("server.key"), ca: pem("authority.pem") };
  const server = await startServer(t, { auditLog, token: TOKENS, tls });
  t.is(statSync(auditLog).mode & 0o777, 0o600);
  const mine = { ca: pem("authority.pem"), cert: pem("client.pem"), key: pem("client.key") };
  const channel = dial(t, server, { tls: mine, token: "secret-of-one" });
  const { digest, spec } = await describe(channel);
  const who = { token: "node-1", certificate: "CN=client" };
  const described = await lineOf(auditLog, { method: "DescribeRun", at: "end", result: "OK" });
  t.like(described, { ...who, run: digest });
  t.regex(String(described.peer), /^127\.0\.0\.1:\d+$/);
  t.regex(String(described.time), /^\d{4}-\d\d-\d\dT.*Z$/);

  await t.throwsAsync(getBatch(channel, { step: 9999 }));
  t.like(await lineOf(auditLog, { method: "GetBatch", result: "STEP_UNKNOWN" }), { ...who, run: digest });
  for (const [token, name] of [
    ["secret-of-nobody", undefined],
    ["secret-of-a-trainer", undefined],
  ] as const) {
    await t.throwsAsync(callUnary(dial(t, server, { tls: mine, token }), "DataService", "describeDataset", FIRST_PAGE));
    const refused = await lineOf(auditLog, { method: "DescribeDataset", result: "UNAUTHENTICATED" });
    t.like(refused, { certificate: "CN=client", token: name });
  }

  const start = { spec, specSha256: new Uint8Array(), timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 } as const;
  for (const [carrier, stream] of [
    ["grpc", openGrpc(channel)],
    ["lane", new WireStream(openWireLane(channel))],
  ] as const) {
    stream.send({ kind: "start", start });
    await stream.expect("started");
    t.like(await lineOf(auditLog, { method: "Stream", carrier, at: "start" }), { ...who, run: digest });
    stream.call.end();
    t.is(await stream.next(), undefined);
    t.like(await lineOf(auditLog, { method: "Stream", carrier, at: "end" }), { ...who, run: digest, result: "OK" });
  }
  const left = openGrpc(channel);
  left.call.grpc.on("error", () => {});
  left.send({ kind: "start", start });
  await left.expect("started");
  left.want(0, RUN_STEPS, 2);
  await left.expect("batchBegin");
  left.call.cancel();
  await lineOf(auditLog, { method: "Stream", result: "GONE" });
  t.notRegex(readFileSync(auditLog, "utf8"), /secret/);
});

test("an audit log that is a pipe is refused where nobody reads it, and where its reader stops no call waits for it", async (t) => {
  const folder = folderOf(t);
  const [pipe, logged] = [join(folder, "pipe"), [] as string[]];
  spawnSync("mkfifo", [pipe]);
  const log = ({ event }: { readonly event: string }) => logged.push(event);
  t.throws(() => new AuditLog(pipe, log), { code: "WRITE_FAILED", message: /nobody reads/ });
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  const audit = new AuditLog(pipe, log);
  const call = { at: "end", method: "DescribeRun", peer: "127.0.0.1:1" } as const;
  for (let line = 0; line < 2_000; line++) audit.write(call); // a pipe holds 64 KiB
  t.deepEqual(logged, ["audit-failed"]);
});

test("an audit log that is moved is begun anew, and one that cannot be written costs no call", async (t) => {
  const folder = folderOf(t);
  const auditLog = join(folder, "audit.jsonl");
  const channel = dial(t, await startServer(t, { auditLog }));
  await describe(channel);
  await lineOf(auditLog, { method: "DescribeRun" });
  renameSync(auditLog, join(folder, "audit.jsonl.1"));
  writeFileSync(auditLog, "", { mode: 0o600 });
  await callUnary(channel, "DataService", "describeDataset", FIRST_PAGE);
  await lineOf(auditLog, { method: "DescribeDataset" });
  t.is(linesOf(auditLog).length, 1);
  t.is(linesOf(`${auditLog}.1`).length, 1);

  const log = new EventLog();
  const gone = join(folder, "gone");
  await t.throwsAsync(startServer(t, { auditLog: join(gone, "audit.jsonl") }), { message: /its folder is gone/ });
  const losing = dial(t, await startServer(t, { auditLog: join(folder, "later"), logger: log.logger }));
  rmSync(folder, { recursive: true });
  await describe(losing);
  await describe(losing);
  t.is((await log.logged("audit-failed")).reason, "its folder is gone");
  t.is(log.all("audit-failed").length, 1);
});

function factsOf(failure: ServiceError) {
  return fromStatus(failure, { address: "", method: "" }).facts;
}

test("a client has at most its calls at once, and another client has its own", async (t) => {
  const server = await startServer(t, { clientCalls: 2, token: TOKENS });
  const one = dial(t, server, { token: "secret-of-one" });
  const { spec } = await describe(one);
  await startGrpc(one, { spec });
  await startGrpc(one, { spec });
  const refused = await openGrpc(one).failure();
  t.deepEqual(factsOf(refused), { code: "SERVER_BUSY", limit: "client_calls", got: 3, max: 2 });
  t.is(failureOf(refused)?.retry, "RETRY_ELSEWHERE");
  const two = dial(t, server, { token: "secret-of-two" });
  const stream = await startGrpc(two);
  stream.want(0);
  t.is((await stream.batch()).begin.step, 0);
});

test("a client begins at most its calls a second", async (t) => {
  const server = await startServer(t, { clientCallsPerSecond: 2, token: TOKENS });
  const one = dial(t, server, { token: "secret-of-one" });
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => describe(one)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  t.true(refused.length > 0);
  for (const { facts, message } of refused as PatchstreamError[]) {
    t.like(facts, { code: "SERVER_BUSY", limit: "client_calls_per_second", max: 2 });
    t.notRegex(message, /\n/);
  }
  t.true(refused.length < 40);
  await describe(dial(t, server, { token: "secret-of-two" }));
});

test("what a client may have on its way is told it and counts over all its streams; what was sent makes room", async (t) => {
  const clientBytes = 3 * STAGE_BYTES[2];
  const server = await startServer(t, { clientBytes, token: TOKENS });
  const one = dial(t, server, { token: "secret-of-one" });
  const { spec, limits } = await describe(one);
  t.is(limits?.maxOutstandingBytes, clientBytes);
  const [first, second] = [await startGrpc(one, { spec }), await startGrpc(one, { spec })];
  first.want(0, 3, 2);
  second.want(0, 3, 2); // in the same packet: nothing of the first has left by then
  t.like(factsOf(await second.failure()), { code: "SERVER_BUSY", limit: "client_bytes", max: clientBytes });
  const other = await startGrpc(dial(t, server, { token: "secret-of-two" }), { spec });
  other.want(0, 3, 2);
  for (const stream of [first, other]) for (const step of [0, 1, 2]) t.is((await stream.batch()).begin.step, step);
  first.want(3, 3, 2);
  for (const step of [3, 4, 5]) t.is((await first.batch()).begin.step, step);
});
