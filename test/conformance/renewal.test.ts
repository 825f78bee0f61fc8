import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import type { Channel } from "../../rpc/client/channel.js";
import { pem } from "./carrier.js";
import { EventLog } from "./event-log.js";
import { dial, startServer } from "./served-store.js";
import { describe, openGrpc, openStream, start, UNCHECKED, WireStream } from "./wire.js";
import { openWireLane } from "./wire-lane.js";

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-renewal-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** PEM files of a name under `certificates/`, in a folder, as a tool that renews certificates leaves them there. */
class PemFolder {
  readonly cert: string;
  readonly key: string;

  constructor(folder: string, name: string) {
    this.cert = join(folder, "own.pem");
    this.key = join(folder, "own.key");
    this.exchange(name);
  }

  exchange(name: string): void {
    for (const [to, ending] of [
      [this.cert, "pem"],
      [this.key, "key"],
    ] as const) {
      copyFileSync(pem(`${name}.${ending}`), `${to}.new`);
      renameSync(`${to}.new`, to);
    }
  }
}

const KNOWN = { ca: pem("authority.pem") };
const OTHER = { ca: pem("other-authority.pem") };

/** The name in the certificate that a port shows. */
async function shownAt(address: string, ca: string): Promise<unknown> {
  const port = Number(address.split(":").at(-1));
  const socket = connectTls({ host: "127.0.0.1", port, ca: readFileSync(ca), servername: "localhost" });
  await once(socket, "secureConnect");
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
}

test("a certificate that is exchanged on disk is shown to who connects from then on; streams that are open go on", async (t) => {
  const files = new PemFolder(folderOf(t), "server");
  const log = new EventLog();
  const server = await startServer(t, { tls: { cert: files.cert, key: files.key }, logger: log.logger });
  const before = dial(t, server, { tls: KNOWN });
  const { spec } = await describe(before);
  const streams = [openGrpc(before), new WireStream(openWireLane(before))];
  for (const stream of streams) {
    stream.send({
      kind: "start",
      start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
    });
    await stream.expect("started");
    stream.want(0);
    await stream.batch();
  }
  files.exchange("stranger");
  await log.logged("certificate-renewed");
  t.true((await describe(dial(t, server, { tls: OTHER }))).digest.length > 0);
  await t.throwsAsync(describe(dial(t, server, { tls: KNOWN })), { message: /not signed by the authority/ });
  t.is(await shownAt(server.address, OTHER.ca), "stranger");
  t.is(await shownAt(server.laneAddress ?? "", OTHER.ca), "stranger");
  for (const stream of streams) {
    stream.want(1);
    t.is((await stream.batch()).begin.step, 1);
  }
});

test("files of certificates that cannot be taken are told in one line, and the old ones stay until they can", async (t) => {
  const files = new PemFolder(folderOf(t), "server");
  const log = new EventLog();
  const server = await startServer(t, { tls: { cert: files.cert, key: files.key }, logger: log.logger });
  const whole = readFileSync(files.cert);
  writeFileSync(files.cert, whole.subarray(0, whole.length / 2));
  const { why } = await log.logged("renewal-refused");
  t.regex(String(why), /own\.pem/);
  t.notRegex(String(why), /\n/);
  t.is(await shownAt(server.address, KNOWN.ca), "server");
  copyFileSync(pem("stranger.pem"), files.cert);
  t.regex(String((await log.logged("renewal-refused", 2)).why), /own\.key.*does not belong/);
  t.is(await shownAt(server.address, KNOWN.ca), "server");
  t.is(await shownAt(server.laneAddress ?? "", KNOWN.ca), "server");
  rmSync(files.key);
  await log.logged("renewal-refused", 3);
  files.exchange("stranger");
  await log.logged("certificate-renewed");
  t.is(await shownAt(server.address, OTHER.ca), "stranger");
  t.is(log.all("renewal-refused").length, 3);
});

/** Passes connections on to a server, and can reset them all. */
async function forwarder(t: ExecutionContext, target: string) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.split(":").at(-1)), "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    cut();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
}

/** Calls until a connection is made. */
async function reached(channel: Channel): Promise<void> {
  for (;;) {
    try {
      await describe(channel);
      return;
    } catch (error) {
      if ((error as PatchstreamError).code !== "UNAVAILABLE") throw error;
    }
  }
}

test("authority and client's certificate are exchanged on both sides: the channel that is open connects with the new one", async (t) => {
  const [theirs, ours] = [folderOf(t), folderOf(t)];
  const ca = join(theirs, "authority.pem");
  copyFileSync(pem("authority.pem"), ca);
  const log = new EventLog();
  const tls = { cert: pem("server.pem"), key: pem("server.key"), ca };
  const server = await startServer(t, { tls, logger: log.logger });
  const way = await forwarder(t, server.address);
  const files = new PemFolder(ours, "client");
  const channel = dial(t, way, { tls: { ...KNOWN, cert: files.cert, key: files.key } });
  await describe(channel);
  copyFileSync(pem("other-authority.pem"), ca);
  await log.logged("certificate-renewed");
  const old = { ...KNOWN, cert: pem("client.pem"), key: pem("client.key") };
  await t.throwsAsync(describe(dial(t, server, { tls: old })), { message: /certificate that it trusts/ });
  await describe(channel); // the connection that was made before goes on
  files.exchange("stranger");
  way.cut();
  await reached(channel);
  t.pass();
});

const START = { specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 } as const;

test("tokens are given and taken while the server runs; a stream whose token is taken ends, the others go on", async (t) => {
  const tokenFile = join(folderOf(t), "tokens");
  writeFileSync(tokenFile, "leaves data first\nstays data second\n");
  const log = new EventLog();
  const server = await startServer(t, { tokenFile, logger: log.logger });
  const [first, second, third] = ["first", "second", "third"].map((token) => dial(t, server, { token })) as [
    Channel,
    Channel,
    Channel,
  ];
  await t.throwsAsync(describe(third), { message: /missing or wrong/ });
  const { spec } = await describe(first);
  const leaving = [openGrpc(first), new WireStream(openWireLane(first))];
  for (const stream of leaving) {
    stream.send({ kind: "start", start: { ...START, spec } });
    await stream.expect("started");
  }
  const staying = await start(second);
  const closed = leaving.map((stream) => t.throwsAsync(stream.next()));
  writeFileSync(tokenFile, "stays data second\ncomes data third\n");
  t.like(await log.logged("tokens-renewed"), { tokens: 2, revoked: 1 });
  await Promise.all(closed);
  t.deepEqual(
    log.all("token-refused").map(({ method, reason }) => [method, reason]),
    [
      ["DescribeRun", "the bearer token is missing or wrong"],
      ["Stream", "the bearer token was revoked"],
      ["Stream", "the bearer token was revoked"],
    ],
  );
  const refused = await t.throwsAsync<PatchstreamError>(describe(first));
  t.is(refused?.code, "UNAUTHENTICATED");
  await describe(third);
  staying.want(0);
  t.is((await staying.batch()).begin.step, 0);
  writeFileSync(tokenFile, "everything third\n");
  t.regex(String((await log.logged("renewal-refused")).why), /line 1/);
  await describe(third);
  await describe(second);
  for (const token of ["first", "second", "third"]) t.false(JSON.stringify(log.events).includes(`"${token}"`));
});

test("a lane's ticket is worth nothing once the token that it was given for is taken", async (t) => {
  const tokenFile = join(folderOf(t), "tokens");
  writeFileSync(tokenFile, "data first\n");
  const log = new EventLog();
  const server = await startServer(t, { tokenFile, logger: log.logger });
  const channel = dial(t, server, { token: "first" });
  const { spec } = await describe(channel);
  const lane = new WireStream(openWireLane(channel));
  writeFileSync(tokenFile, "data second\n");
  await log.logged("tokens-renewed");
  lane.send({ kind: "start", start: { ...START, spec } });
  t.truthy(await t.throwsAsync(lane.next()));
});

test("a client sends the token that its file holds when it calls", async (t) => {
  const folder = folderOf(t);
  const [tokenFile, sent] = [join(folder, "tokens"), join(folder, "sent")];
  writeFileSync(tokenFile, "data first\ndata second\n");
  writeFileSync(sent, "first\n");
  const log = new EventLog();
  const server = await startServer(t, { tokenFile, logger: log.logger });
  const channel = dial(t, server, { tokenFile: sent });
  await describe(channel);
  writeFileSync(tokenFile, "data second\n");
  await log.logged("tokens-renewed");
  await t.throwsAsync(describe(channel), { message: /missing or wrong/ });
  writeFileSync(sent, "second\n");
  await describe(channel);
  writeFileSync(sent, "");
  const stream = openStream(channel);
  stream.send({ kind: "start", start: { ...START, spec: (await describe(channel)).spec } });
  await stream.expect("started");
  writeFileSync(sent, "third\n");
  const refused = openGrpc(channel);
  t.is((await refused.failure()).code, status.UNAUTHENTICATED);
});
