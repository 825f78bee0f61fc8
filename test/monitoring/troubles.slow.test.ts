import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import { patchstream } from "../cli/command.js";
import { pem } from "../conformance/carrier.js";
import { sampleStore } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { shardOf } from "../dataset/shard-of.js";
import { readExposition, scrape } from "../metrics/exposition.js";
import { spawnService } from "../service-process.js";
import { channelTo, type Process, serving, start, temporaryFolder, tinyRun, watch } from "../trainer/processes.js";

/** Every trouble of docs/how-to/when-something-is-wrong.md is brought about here, and its lines are those of the page. */
const page = readFileSync(new URL("../../../docs/how-to/when-something-is-wrong.md", import.meta.url), "utf8");

/** The part of the page with a heading. */
function part(heading: string): string {
  const [, after = ""] = page.split(`\n## ${heading}\n`);
  return after.split("\n## ")[0] ?? "";
}

/** A line as the page has it: this machine's ports, folders, numbers of processes and times are those of the page's examples. */
function asOnThePage(line: string): string {
  return line
    .trimEnd()
    .replaceAll(/(?:127\.0\.0\.1|\[::1\]|localhost):\d+/g, "data.example:7070")
    .replaceAll(/(?<=^|[ "])\/\S*\/([\w.-]+)(?=[,: "]|$)/g, "/srv/$1")
    .replaceAll(/"(?:time|pid|stack|frames|peer|peerCertificate)":(?:"[^"]*"|\d+|\[[^\]]*\]),?/g, "")
    .replaceAll(",}", "}")
    .replaceAll(/waited \d+ ms/g, "waited 2000 ms")
    .replaceAll(/\b20\d{6}-\d{6}-\d+-\w+/g, "20261129-145323-790-e285");
}

/** Holds that the page's part shows the line. */
function shows(t: ExecutionContext, heading: string, line: string): void {
  t.true(part(heading).includes(asOnThePage(line)), `"${heading}" does not show:\n${asOnThePage(line)}`);
}

function runFile(t: ExecutionContext, data: object = {}): string {
  const file = join(temporaryFolder(t), "run.json");
  writeFileSync(file, JSON.stringify({ data: { ...SMALL_RUN, ...data } }));
  return file;
}

/** What `patchstream get` of one batch says where it fails. */
async function failedGet(t: ExecutionContext, address: string, run: string, ...flags: string[]): Promise<string> {
  const { code, stderr } = await patchstream("get", "--data", address, "--run", run, "--step", "1", ...flags);
  t.is(code, 1, stderr);
  t.is(stderr.trimEnd().split("\n").length, 1, stderr);
  return stderr;
}

/** The value of a metric, all its labels together. */
async function metric(address: string | undefined, name: string): Promise<number> {
  const text = await scrape(address);
  if (!readExposition(text).some((one) => one.name === name)) throw new Error(`${name} is not exported`);
  const values = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

test.serial("the trainer waits for batches", async (t) => {
  t.timeout(600_000);
  const server = await serving(t, "serve", await sampleStore(), "--workers", "1", "--metrics-port", "0");
  await using connection = connect(server.address);
  await using run = await connection.openRun({
    dataset: SMALL_RUN.dataset,
    split: SMALL_RUN.split,
    plan: SMALL_RUN.plan,
    epochs: 6000,
  });
  let waiting = 0;
  // Whoever takes batches and does nothing else waits all the time.
  for await (const batch of run.batches()) {
    batch[Symbol.dispose]();
    if (batch.step % 20 === 19) waiting = await metric(server.metrics, "patchstream_trainers_waiting_share");
    if (waiting > 0.5) break;
  }
  t.true(waiting > 0.5);
});

test.serial("a data server is gone", async (t) => {
  t.timeout(600_000);
  const run = runFile(t);
  const [gone, other] = [
    await spawnService(t, "serve", await sampleStore()),
    await spawnService(t, "serve", await sampleStore()),
  ];
  gone.kill("SIGKILL");
  t.is(await gone.ended, "SIGKILL");
  shows(t, "A data server is gone", await failedGet(t, gone.address, run));
  const { code } = await patchstream("get", "--data", `${gone.address},${other.address}`, "--run", run, "--step", "1");
  t.is(code, 0, "another one serves");
});

test.serial("a data server is slow or hangs", async (t) => {
  t.timeout(600_000);
  const run = runFile(t);
  const [hangs, other] = [
    await spawnService(t, "serve", await sampleStore()),
    await spawnService(t, "serve", await sampleStore()),
  ];
  hangs.kill("SIGSTOP");
  shows(t, "A data server is slow or hangs", await failedGet(t, hangs.address, run));
  const { code } = await patchstream("get", "--data", `${hangs.address},${other.address}`, "--run", run, "--step", "1");
  t.is(code, 0, "another one serves");
});

test.serial("the store is damaged", async (t) => {
  t.timeout(600_000);
  const store = join(temporaryFolder(t), "hippocampus");
  cpSync(await sampleStore(), store, { recursive: true });
  const shard = shardOf(store, "hippocampus_003", "image");
  const bytes = readFileSync(shard);
  bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  writeFileSync(shard, bytes);
  const server = await serving(t, "serve", store, "--metrics-port", "0");
  const run = runFile(t);
  shows(t, "The store is damaged", await failedGet(t, server.address, run));
  const logged = server.said.find((line) => line.includes("STORE_DAMAGED")) ?? "";
  shows(t, "The store is damaged", logged);
  t.is(await metric(server.metrics, "patchstream_calls_failed_total"), 1);
  const verified = await patchstream("inspect", store, "--verify");
  t.is(verified.code, 1);
  shows(t, "The store is damaged", verified.stderr.trimEnd().split("\n").at(-1) ?? "");
});

test.serial("a certificate has expired", async (t) => {
  t.timeout(600_000);
  const tls = ["--tls-cert", pem("expired.pem"), "--tls-key", pem("expired.key")];
  const server = await serving(t, "serve", await sampleStore(), "--metrics-port", "0", ...tls);
  const run = runFile(t);
  const address = server.address.replace("127.0.0.1", "localhost");
  shows(t, "A certificate has expired", await failedGet(t, address, run, "--tls-ca", pem("authority.pem")));
  t.true((await metric(server.metrics, "patchstream_certificate_expiry_timestamp_seconds")) < Date.now() / 1e3);
});

test.serial("a token is wrong", async (t) => {
  t.timeout(600_000);
  const folder = temporaryFolder(t);
  const [right, wrong] = [join(folder, "tokens"), join(folder, "token")];
  writeFileSync(right, "data 0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
  writeFileSync(wrong, "fedcba9876543210fedcba9876543210\n", { mode: 0o600 });
  const server = await spawnService(t, "serve", await sampleStore(), "--token-file", right);
  const run = runFile(t);
  shows(t, "A token is wrong", await failedGet(t, server.address, run, "--token-file", wrong));
  shows(t, "A token is wrong", await failedGet(t, server.address, run));
  await server.logged("token-refused");
  shows(t, "A token is wrong", server.lines.find((line) => line.includes("token-refused")) ?? "");
});

test.serial("the recipe is another one", async (t) => {
  t.timeout(600_000);
  const server = await spawnService(t, "serve", await sampleStore());
  const failed = await failedGet(t, server.address, runFile(t, { recipe: 999 }));
  shows(t, "After an upgrade the recipe is another one", failed);
});

test.serial("a remote store fails", async (t) => {
  t.timeout(600_000);
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, "close");
  const { code, stderr } = await patchstream("serve", `http://127.0.0.1:${port}/hippocampus`);
  t.is(code, 1);
  shows(t, "A remote store fails", stderr);
});

/** A data server and a trainer in processes of their own, with runs in `runs`. */
async function training(t: ExecutionContext, runs: string): Promise<{ data: Process; trainer: Process }> {
  const data = await serving(t, "serve", await sampleStore(), "--workers", "1", "--log-level", "error");
  const trainer = await serving(t, "trainer", "--engine", "onnx", "--runs", runs, "--metrics-port", "0");
  return { data, trainer };
}

const CASES = [...SMALL_RUN.split.train, ...SMALL_RUN.split.val];

/** Processes that a process has started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).map(Number);
}

test.serial("memory runs out", async (t) => {
  t.timeout(600_000);
  const tooMuch = await patchstream("serve", await sampleStore(), "--volume-budget", "99999GiB");
  t.is(tooMuch.code, 1);
  const before = tooMuch.stderr.split(";")[0] ?? "";
  t.regex(tooMuch.stderr, /; at most \d+ is allowed\n$/);
  shows(t, "Memory runs out", before);
  if (process.platform !== "linux") return;
  const { data, trainer } = await training(t, temporaryFolder(t));
  const channel = channelTo(t, trainer);
  const id = await start(channel, data, tinyRun(CASES, { data: { epochs: 8, stepsPerEpoch: 1000 } }));
  let state = "";
  for await (const event of watch(channel, id)) {
    // As the kernel does to the process that has taken most.
    if (event.kind === "step" && event.step.step === 3)
      for (const child of childrenOf(trainer.pid)) process.kill(child, "SIGKILL");
    if (event.kind === "state") state = event.state.message;
  }
  shows(t, "Memory runs out", state);
  t.true((await metric(trainer.metrics, "patchstream_training_steps_total")) > 0);
  const listed = await patchstream("trainings", "--trainer", trainer.address);
  t.regex(listed.stdout, new RegExp(`${id}.* failed `));
});

test.serial("the disk is full at a checkpoint", async (t) => {
  t.timeout(600_000);
  const disk = temporaryFolder(t);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { encoding: "utf8" });
  if (mounted.status !== 0) {
    t.log(`SKIPPED: ${(mounted.error?.message ?? mounted.stderr).trim()}`);
    return t.pass();
  }
  t.teardown(() => spawnSync("umount", [disk]));
  const { data, trainer } = await training(t, join(disk, "runs"));
  const channel = channelTo(t, trainer);
  const run = tinyRun(CASES, { data: { stepsPerEpoch: 16 }, training: { baseFeatures: 16 } });
  const id = await start(channel, data, run);
  let message = "";
  for await (const event of watch(channel, id)) {
    if (event.kind === "checkpoint" && event.checkpoint.step <= 16) {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, "filler"), Buffer.alloc(Math.max(0, bavail * bsize - (1 << 18))));
    }
    if (event.kind === "state") message = event.state.message;
  }
  shows(t, "The disk is full at a checkpoint", message);
});

test.serial("the stage never advances", async (t) => {
  t.timeout(600_000);
  const { data, trainer } = await training(t, temporaryFolder(t));
  const channel = channelTo(t, trainer);
  const id = await start(channel, data, tinyRun(CASES, { data: { stepsPerEpoch: 2000 } }));
  const stage = async (...flags: string[]) =>
    (await patchstream("stage", id, "--trainer", trainer.address, ...flags)).stdout.trimEnd();
  let advanced = "";
  let last = -1;
  for await (const event of watch(channel, id)) {
    if (event.kind !== "step") continue;
    last = event.step.stage;
    if (last !== 0) break;
    if (event.step.step !== 2) continue;
    const held = await stage("--to", "0", "--hold");
    shows(t, "The stage never advances", held.replace(/step \d+/, "step 11"));
    advanced = await stage("--advance");
  }
  t.regex(advanced, /^stage 1 from step \d+, until the schedule goes on at step \d+$/);
  t.is(last, 1);
});
