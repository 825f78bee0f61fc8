import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { callUnary } from "../../../rpc/index.js";
import { checkAccess, checkAddresses } from "../../../trainer/service/data-servers.js";
import { patchstreamHere } from "../../cli/command.js";
import { pem } from "../../conformance/carrier.js";
import {
  channelTo,
  collect,
  lastState,
  oneStageRun,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  trainerIn,
  watch,
} from "../processes.js";

test("a secret without a list of servers, and a token in plain text beyond this machine, are refused", (t) => {
  const token = { token: "t" };
  const overTls = { token: "t", tls: {} };
  const certificate = { tls: { cert: pem("client.pem"), key: pem("client.key") } };
  const check = (connection: object, ...servers: string[]) => checkAccess({ connection, servers });
  t.notThrows(() => check({}));
  t.notThrows(() => check({ tls: { ca: pem("authority.pem") } }));
  t.throws(() => check({ tls: { ca: "nowhere.pem" } }), { message: /nowhere\.pem: there is no such file/ });
  for (const connection of [token, overTls, certificate])
    t.throws(() => check(connection), {
      message: /^data servers is \[\]; it must be named for a (token|certificate) /,
    });
  const here = ["localhost:7070", "127.0.0.1:7070", "127.8.8.8:1", "[::1]:7070", "unix:/run/data.sock"];
  t.notThrows(() => check(token, ...here));
  for (const there of [
    "data.example.org:7070",
    "10.0.0.1:7070",
    "[2001:db8::1]:7070",
    "localhost.example.org:1",
    "0.0.0.0:1",
  ]) {
    t.throws(() => check(token, "localhost:7070", there), { message: /without TLS/ }, there);
    t.notThrows(() => check(overTls, there));
    t.notThrows(() => check(certificate, there));
  }
});

test("only servers that were named are called, where any were", (t) => {
  const access = { connection: {}, servers: ["a:1", "b:2"] };
  t.notThrows(() => checkAddresses(access, ["b:2"]));
  t.throws(() => checkAddresses(access, ["a:1", "c:3"]), {
    message: 'data is "c:3"; it must be one of this trainer\'s data servers: a:1, b:2',
  });
  t.notThrows(() => checkAddresses({ connection: {}, servers: [] }, ["c:3"]));
  t.throws(() => checkAddresses({ connection: {}, servers: [] }, []), { code: "SPEC_INVALID" });
});

/** A server that a caller might name to learn what it is sent. */
async function listener(t: ExecutionContext): Promise<{ address: string; heard: IncomingHttpHeaders[] }> {
  const heard: IncomingHttpHeaders[] = [];
  const server = createServer();
  server.on("stream", (stream, headers) => {
    heard.push(headers);
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5" }, { endStream: true });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

test("a trainer's token goes to its own data servers and to no address that a caller names", async (t) => {
  const { store, cases } = await sampleStore(t, 2);
  const token = join(temporaryFolder(t), "token");
  writeFileSync(token, "secret\n");
  const data = await serving(t, "serve", store, "--workers", "1", "--token-file", token);
  const runs = temporaryFolder(t);
  const flags = ["--data-token-file", token, "--data-servers", data.address];
  const trainer = await trainerIn(t, runs, ...flags);
  const channel = channelTo(t, trainer);
  const strange = await listener(t);
  const stranger = { ...data, address: strange.address };

  const training = await start(channel, data, oneStageRun(cases, { data: { epochs: 1, stepsPerEpoch: 1 } }));
  t.is(lastState(await collect(watch(channel, training)))?.state, "TRAINING_STATE_DONE");
  const refused = { code: "SPEC_INVALID", message: /must be one of this trainer's data servers/ };
  await t.throwsAsync(start(channel, stranger, oneStageRun(cases)), refused);
  const both = {
    run: Buffer.from(JSON.stringify(oneStageRun(cases))),
    data: [data.address, strange.address],
    resume: "",
    key: "",
  };
  await t.throwsAsync(callUnary(channel, "TrainerService", "startTraining", both), refused);
  t.deepEqual(strange.heard, []);

  const open = channelTo(t, await trainerIn(t, temporaryFolder(t)));
  await t.throwsAsync(start(open, stranger, oneStageRun(cases)));
  t.true(strange.heard.length > 0, "one without secrets calls whom it is told to");
  t.true(strange.heard.every(({ authorization }) => authorization === undefined));
});

test("a trainer that might give its token away does not start, nor does one whose token is empty", async (t) => {
  const folder = temporaryFolder(t);
  const token = join(folder, "token");
  writeFileSync(token, "secret\n");
  const refused = async (flags: readonly string[], reason: RegExp) => {
    const { code, stderr } = await patchstreamHere("trainer", "--runs", join(folder, "runs"), ...flags);
    t.is(code, 1);
    t.regex(stderr, reason);
  };
  await refused(["--data-token-file", token], /--data-servers/);
  const plain = ["--data-token-file", token, "--data-servers", "data.example.org:7070"];
  await refused(plain, /data\.example\.org:7070.*without TLS/);
  writeFileSync(token, " \n");
  const empty = ["--data-token-file", token, "--data-servers", "localhost:7070"];
  await refused(empty, /it is empty; it must be a file with a token \(--data-token-file\)/);
  await refused(["--token-file", token], /it must be a file with a token on each line/);
});
