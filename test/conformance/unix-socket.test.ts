import { execFile } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { bindUnixSocket } from "../../rpc/server/unix-socket.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { spawnService, watchHealth } from "../service-process.js";
import { pem } from "./carrier.js";
import { dial, oneServer, sampleStore, startServer } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const SMALL = ["--workers", "1", "--volume-budget", "64MiB", "--slot-budget", "32MiB"];
const overTcp = oneServer(test);

/** `patchstream serve --listen unix:PATH`, in a process of its own. */
async function serveAt(t: ExecutionContext, path: string, ...flags: string[]) {
  return spawnService(t, "serve", await sampleStore(), ...SMALL, "--listen", `unix:${path}`, ...flags);
}

/** The exit code and stderr of `patchstream serve FLAGS` that is to end by itself; it is ended after 20 seconds. */
async function refused(...flags: string[]): Promise<{ code: unknown; stderr: string }> {
  const args = [MAIN, "serve", await sampleStore(), ...SMALL, "--log-level", "silent", ...flags];
  return new Promise((resolve) =>
    execFile(process.execPath, args, { timeout: 20_000 }, (error, _, stderr) => resolve({ code: error?.code, stderr })),
  );
}

/** The checksums of the first batches of `SMALL_RUN` from a server. */
async function checksums(address: string): Promise<number[]> {
  await using client = connect(address, { waitMs: 10_000 });
  await using run = await client.openRun(SMALL_RUN);
  const sums: number[] = [];
  for await (using batch of run.batches({ from: 0, to: 5 })) sums.push(batch.checksum);
  return sums;
}

test("over a Unix socket a run's batches have the checksums that they have over TCP; health, log and metrics work too", async (t) => {
  const path = join(temporaryFolder(t), "run/data.sock");
  const server = await serveAt(t, path, "--metrics-port", "0");
  const address = `unix:${path}`;
  t.is(server.address, address);
  const expected = await checksums((await overTcp()).address);
  t.is(expected.length, 5);
  for (const written of [address, `unix://${path}`]) t.deepEqual(await checksums(written), expected);
  t.like(await server.logged("started"), { address, tls: "none" });
  t.is((await server.logged("stream-opened")).peer, address);
  for await (const health of watchHealth(dial(t, server))) {
    t.is(health, "SERVING");
    break;
  }
});

test("the socket and a folder made for it are for their owner alone, and nothing else but the lock is left there", async (t) => {
  const path = join(temporaryFolder(t), "run/data.sock");
  const server = await startServer(t, { listen: `unix:${path}` });
  t.true(lstatSync(path).isSocket());
  for (const file of [path, `${path}.lane`]) t.is(statSync(file).mode & 0o777, 0o600);
  t.is(statSync(dirname(path)).mode & 0o777, 0o700);
  t.deepEqual(readdirSync(dirname(path)), [
    ".data.sock.lane.lock.1",
    ".data.sock.lock.1",
    "data.sock",
    "data.sock.lane",
  ]);
  await server.drain();
  t.deepEqual(readdirSync(dirname(path)), [".data.sock.lane.lock.1", ".data.sock.lock.1"]);
});

test("until its permissions are set, a socket lies in a folder that only its owner may enter", async (t) => {
  const path = join(temporaryFolder(t), "data.sock");
  const listener = createServer();
  t.teardown(() => listener.close());
  using _socket = await bindUnixSocket(path, async (first) => {
    await once(listener.listen(first), "listening");
    t.is(statSync(dirname(first)).mode & 0o777, 0o700);
    t.not(dirname(first), dirname(path));
    t.false(existsSync(path));
  });
  t.is(statSync(path).mode & 0o777, 0o600);
});

test("a server that was killed is started again at the same path, and its clients go on", async (t) => {
  const path = join(temporaryFolder(t), "data.sock");
  const first = await serveAt(t, path);
  await using client = connect(first.address, { waitMs: 10_000 });
  const address = { step: 3, stage: 1 };
  const before = await client.getBatch(SMALL_RUN, address);
  first.kill("SIGKILL");
  t.is(await first.ended, "SIGKILL");
  t.true(lstatSync(path).isSocket());
  const alone = connect(first.address);
  const nobody = await t.throwsAsync<PatchstreamError>(alone.describeDataset());
  await alone[Symbol.asyncDispose]();
  t.like(nobody?.facts, { code: "UNAVAILABLE", reason: "nothing listens there (connection refused)" });
  await serveAt(t, path);
  t.is((await client.getBatch(SMALL_RUN, address)).checksum, before.checksum);
});

test("a second server at the path of a living one is refused in one line, and the first one goes on", async (t) => {
  const path = join(temporaryFolder(t), "data.sock");
  const first = await startServer(t, { listen: `unix:${path}` });
  const { code, stderr } = await refused("--listen", `unix:${path}`);
  t.is(code, 1);
  t.is(stderr, `patchstream: unix:${path}: another server listens there. Name another path.\n`);
  t.is((await checksums(first.address)).length, 5);
});

test("of two servers that find the socket of a killed one, one gets it and the other says why not", async (t) => {
  const path = join(temporaryFolder(t), "data.sock");
  const killed = await serveAt(t, path);
  killed.kill("SIGKILL");
  await killed.ended;
  const starts = await Promise.allSettled([1, 2].map(() => serveAt(t, path, "--log-level", "silent")));
  t.is(starts.filter(({ status }) => status === "fulfilled").length, 1);
  for (const start of starts)
    if (start.status === "rejected") t.regex(start.reason.message, /another server listens there|begins to listen at/);
  t.is((await checksums(`unix:${path}`)).length, 5);
});

test("what is no socket is left as it is", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "file"), "mine");
  mkdirSync(join(folder, "folder"));
  symlinkSync("nowhere", join(folder, "link"));
  for (const name of ["file", "folder", "link"]) {
    const address = `unix:${join(folder, name)}`;
    const error = await t.throwsAsync<PatchstreamError>(startServer(t, { listen: address }));
    t.is(error?.message, `${address}: what lies there is no socket, and is left as it is. Name another path.`);
  }
  t.is(readFileSync(join(folder, "file"), "utf8"), "mine");
  t.true(lstatSync(join(folder, "folder")).isDirectory());
  t.true(lstatSync(join(folder, "link")).isSymbolicLink());
});

test("a server that ends leaves a file alone that is not its own any more", async (t) => {
  const path = join(temporaryFolder(t), "data.sock");
  const server = await startServer(t, { listen: `unix:${path}` });
  renameSync(path, `${path}.moved`);
  writeFileSync(path, "mine");
  await server.drain();
  t.is(readFileSync(path, "utf8"), "mine");
});

test("a path that is too long, other addresses, and options of TCP and TLS are refused before anything is made", async (t) => {
  const folder = temporaryFolder(t);
  const long = join(folder, "x".repeat(100));
  const inLong = join(folder, "x".repeat(95 - folder.length), "s");
  const tls = { cert: pem("server.pem"), key: pem("server.key") };
  for (const [options, said] of [
    [{ listen: `unix:${long}` }, /^listen is .* at most 10[37] bytes long \(it has \d+\)$/],
    [{ listen: `unix:${inLong}` }, /^listen is .* in a folder whose path has at most \d+ bytes$/],
    [{ listen: "127.0.0.1:7070" }, /^listen is "127.0.0.1:7070"; it must be unix:\/path$/],
    [{ listen: "unix:" }, /^listen is "unix:"; it must be unix:\/path$/],
    [{ listen: `unix:${folder}/s`, port: 7070 }, /^listen is .* given without host and port$/],
    [{ listen: `unix:${folder}/s`, tls }, /^tls is .* left out for a Unix socket/],
  ] as const) {
    const error = await t.throwsAsync<PatchstreamError>(startServer(t, options));
    t.is(error?.code, "SPEC_INVALID");
    t.regex(error?.message ?? "", said);
  }
  t.deepEqual(readdirSync(folder), []);
  const error = t.throws<PatchstreamError>(() => connect(`unix:${long}`));
  t.regex(error?.message ?? "", /^address is .* at most 10[37] bytes long/);
  for (const flags of [
    ["--port", "0"],
    ["--tls-cert", tls.cert, "--tls-key", tls.key],
  ]) {
    const { code, stderr } = await refused("--listen", `unix:${folder}/s`, ...flags);
    t.is(code, 2);
    t.regex(stderr, /^error: --listen /);
  }
});

test("tokens work over a Unix socket", async (t) => {
  const server = await startServer(t, { listen: `unix:${join(temporaryFolder(t), "s")}`, token: "secret" });
  await using stranger = connect(server.address);
  t.is((await t.throwsAsync<PatchstreamError>(stranger.describeDataset()))?.code, "UNAUTHENTICATED");
  await using friend = connect(server.address, { token: "secret" });
  t.is((await friend.describeDataset()).cases.length, 3);
});
