import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { connect } from "../../client/index.js";
import { type DashboardOptions, serveDashboard } from "../../dashboard/index.js";
import type { BatchInShort, PageEvent, Trouble, VolumeHeader } from "../../dashboard/messages.js";
import { connectTrainer, type TrainerClient } from "../../trainer/index.js";
import { fileScope } from "../trainer/file-scope.js";
import {
  type Process,
  sampleStore,
  serving,
  TWO_STAGES,
  temporaryFolder,
  tinyRun,
  trainerIn,
} from "../trainer/processes.js";
import { type Asking, asking, events } from "./pages.js";

interface Shared {
  readonly cases: readonly string[];
  readonly data: Process;
  readonly trainer: Process;
  readonly client: TrainerClient;
  /** A training that is done. */
  readonly done: string;
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a data server, and a trainer with a training that is done", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  const [data, trainer] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1", "--metrics-port", "0"),
    trainerIn(scope, temporaryFolder(scope)),
  ]);
  const client = connectTrainer(trainer.address);
  scope.teardown(() => client[Symbol.asyncDispose]());
  const run = tinyRun(cases, {
    data: { ...TWO_STAGES, split: { train: cases.slice(1), val: cases.slice(0, 1) }, valSteps: 1 },
  });
  const done = await client.start(Buffer.from(JSON.stringify(run)), data.address);
  for await (const _event of client.watch(done));
  t.context = { cases, data, trainer, client, done };
});

async function dashboard(
  t: ExecutionContext<Shared>,
  options: Partial<DashboardOptions> = {},
): Promise<Asking & { url: string }> {
  const { trainer, data } = t.context;
  const served = await serveDashboard({ trainer: trainer.address, dataMetrics: [data.metrics ?? ""], ...options });
  t.teardown(() => served[Symbol.asyncDispose]());
  return { ...asking(served), url: served.url };
}

test("the page comes without a token, asks no other host, and is small at first", async (t) => {
  const page = await dashboard(t);
  const document = await fetch(`${page.base}/`);
  const html = await document.text();
  const policy = document.headers.get("content-security-policy") ?? "";
  for (const rule of ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'"])
    t.true(policy.includes(rule), rule);
  t.notRegex(policy, /https?:|unsafe|\*/);
  const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  t.is(assets.length, 2);
  let bytes = html.length;
  for (const path of assets) {
    const asset = await fetch(`${page.base}${path}`);
    t.is(asset.status, 200, path);
    const text = await asset.text();
    bytes += text.length;
    t.notRegex(text, /\bimport\s*["'{*].*from\s*["']https?:/, path);
    if (path.endsWith(".js"))
      for (const [, chunk] of text.matchAll(/from"\.\/([^"]+)"/g))
        bytes += (await (await fetch(`${page.base}/assets/${chunk}`)).text()).length;
  }
  t.true(bytes < 500_000, `${bytes} bytes`);
  t.is((await fetch(`${page.base}/assets/../../../package.json`)).status, 404);
  t.is((await fetch(`${page.base}/assets/%2e%2e%2fserver%2fserve.js`)).status, 404);
});

test("without a token nothing is told, and a token for watching opens neither batches nor controls", async (t) => {
  const { done } = t.context;
  const folder = temporaryFolder(t);
  const tokenFile = join(folder, "tokens");
  writeFileSync(tokenFile, "watch for-watching\n");
  const page = await dashboard(t, { tokenFile });
  const watching = asking(page, "for-watching");
  for (const path of ["/api/events", `/api/trainings/${done}/batch?step=0`])
    t.is((await fetch(`${page.base}${path}`)).status, 401);
  t.is((await watching.get(`/api/trainings/${done}/batch?step=0`)).status, 401);
  t.is((await watching.post(`/api/trainings/${done}/stop`, {})).status, 401);
  const { told } = await events(watching, undefined, ({ kind }) => kind === "trainings");
  t.like(told.at(-1), { kind: "trainings" });
  // Who was let in is shown out when the token leaves the file.
  const until = events(watching, undefined, ({ kind }) => kind === "refused");
  writeFileSync(`${tokenFile}.new`, "watch another\n");
  renameSync(`${tokenFile}.new`, tokenFile);
  t.like((await until).told.at(-1), { kind: "refused", trouble: { code: "UNAUTHENTICATED" } });
});

test("a late page is told the whole history, and what the data servers do", async (t) => {
  const { done, data } = t.context;
  const page = await dashboard(t);
  let [isEnded, servers] = [false, undefined as PageEvent | undefined];
  const { told } = await events(page, done, (event) => {
    isEnded ||= event.kind === "ended";
    if (event.kind === "servers" && event.servers.every(({ trouble }) => trouble === undefined)) servers = event;
    return isEnded && servers !== undefined;
  });
  const change = told.findLast((event) => event.kind === "change");
  if (change?.kind !== "change") return t.fail();
  const { standing } = change.change;
  t.like(standing, { state: "done", figures: { stepsTaken: 16, steps: 16 } });
  t.deepEqual(
    standing.spans.map(({ stage, fromStep }) => [stage, fromStep]),
    standing.opened?.stages.map(({ fromStep }, stage) => [stage, fromStep]),
  );
  t.is(standing.cases.length, 1);
  t.like(servers, { servers: [{ address: data.metrics, workerDeaths: 0 }] });
});

test("how each data server does for a training is told while it runs, and that one has fallen silent", async (t) => {
  const { cases, data, client } = t.context;
  const page = await dashboard(t);
  const { store } = await sampleStore(t, 3);
  const victim = await serving(t, "serve", store, "--workers", "1");
  t.teardown(() => victim.kill()); // while it is stopped it does not end otherwise
  const run = tinyRun(cases, { data: { ...TWO_STAGES, stepsPerEpoch: 100_000 } });
  const training = await client.start(Buffer.from(JSON.stringify(run)), [data.address, victim.address]);
  let isStopped = false;
  const { told } = await events(page, training, (event) => {
    if (event.kind !== "fleet" || event.fleet === null) return false;
    const { replicas } = event.fleet;
    if (!isStopped && replicas.length === 2 && replicas.every(({ batches }) => batches > 0)) {
      process.kill(victim.pid, "SIGSTOP");
      isStopped = true;
    }
    return isStopped && replicas.some(({ state }) => state === "silent");
  });
  const last = told.at(-1);
  if (last?.kind !== "fleet" || last.fleet === null) return t.fail();
  const silent = last.fleet.replicas.find(({ address }) => address === victim.address);
  t.is(silent?.state, "silent");
  t.true((silent?.failovers ?? 0) > 0 && (silent?.bytes ?? 0) > 0);
  await client.stop(training);
  t.is((await client.describe(training)).fleet, undefined);
});

test("a batch is looked at as it was trained on: its bytes, its samples, its picture, its volume", async (t) => {
  const { done, data, client } = t.context;
  const page = await dashboard(t);
  let checksum = 0;
  for await (const event of client.watch(done))
    if (event.kind === "step" && event.step.step === 9) checksum = event.step.checksum;
  const batch = (await (await page.get(`/api/trainings/${done}/batch?step=9`)).json()) as BatchInShort;
  t.is(batch.checksum, checksum);
  const [sample] = batch.samples;
  if (sample === undefined) return t.fail();

  const picture = await page.get(`/api/trainings/${done}/preview?step=9&page=1`);
  if (!picture.ok) return t.fail(await picture.text());
  t.is(picture.headers.get("content-type"), "image/png");
  t.is(picture.headers.get("x-samples"), String(batch.samples.length));
  t.deepEqual(
    Buffer.from(await picture.arrayBuffer())
      .subarray(1, 4)
      .toString(),
    "PNG",
  );

  const query = new URLSearchParams({ case: sample.case, start: sample.start.join(), size: sample.size.join() });
  const bytes = Buffer.from(await (await page.get(`/api/trainings/${done}/volume?${query}`)).arrayBuffer());
  const length = bytes.readUInt32LE();
  const header = JSON.parse(bytes.subarray(4, 4 + length).toString()) as VolumeHeader;
  await using server = connect(data.address);
  const image = await server.readImage(sample.case);
  t.deepEqual(header.size, header.volumeSize);
  t.deepEqual(
    bytes.subarray(4 + length, 4 + length + image.byteLength),
    Buffer.from(image.buffer, image.byteOffset, image.byteLength),
  );
  t.is(bytes.length, 4 + length + image.length * 4 + image.length * 2);

  for (const [path, status, words] of [
    ["batch?step=99999", 404, /step 99999 does not exist/],
    ["batch?step=-1", 400, /whole number/],
    ["volume?case=nobody&start=0,0,0&size=1,1,1", 404, /nobody/],
    [`volume?case=${sample.case}&start=0,0&size=1,1,1`, 400, /three whole numbers/],
  ] as const) {
    const answer = await page.get(`/api/trainings/${done}/${path}`);
    t.is(answer.status, status, path);
    t.regex(((await answer.json()) as Trouble).message, words);
  }
});

test("a training is steered, stopped and resumed, by this page alone", async (t) => {
  const { cases, data, client } = t.context;
  const page = await dashboard(t);
  const run = tinyRun(cases, { data: { ...TWO_STAGES, stepsPerEpoch: 10_000 } });
  const training = await client.start(Buffer.from(JSON.stringify(run)), data.address);
  await events(page, training, (event) => event.kind === "change" && event.change.standing.figures.stepsTaken > 0);
  const path = `/api/trainings/${training}`;
  const foreign = await page.post(`${path}/stop`, {}, { origin: "https://evil.example" });
  t.is(foreign.status, 400);
  t.is((await page.post(`${path}/stop`, {}, { "content-type": "text/plain" })).status, 400);
  t.is((await page.post(`${path}/stage`, "x".repeat(10_000))).status, 400);
  t.like(await (await page.post(`${path}/stage`, { stage: 1, fromStep: 35_000, hold: true })).json(), {
    stage: 1,
    fromStep: 35_000,
  });
  const unknown = await page.post(`${path}/stage`, { stage: 99 });
  t.is(unknown.status, 404);
  t.regex(((await unknown.json()) as Trouble).message, /stage 99 does not exist/);
  t.is((await page.post(`${path}/stop`, {})).status, 200);
  const state = async () => (await client.list()).find(({ id }) => id === training)?.state;
  t.is(await state(), "stopped");
  t.is((await page.post(`${path}/resume`, {})).status, 200);
  await events(page, training, (event) => event.kind === "change" && event.change.standing.state === "running");
  t.is((await page.post(`${path}/stop`, {})).status, 200);
  t.is((await page.get("/api/trainings/nope/batch?step=0")).status, 404);
});

test("a trainer that is not there is said so, and forgotten when it is back", async (t) => {
  const runs = temporaryFolder(t);
  const trainer = await trainerIn(t, runs);
  const page = await dashboard(t, { trainer: trainer.address });
  await events(page, undefined, ({ kind }) => kind === "trainings");
  const port = trainer.address.split(":")[1] ?? "";
  await trainer.end();
  let [gone, isBack] = [undefined as PageEvent | undefined, false];
  const again: Promise<unknown>[] = [];
  await events(page, undefined, (event) => {
    if (event.kind === "trouble" && event.trouble !== null && gone === undefined) {
      gone = event;
      again.push(trainerIn(t, runs, "--port", port));
    }
    isBack ||= event.kind === "trouble" && event.trouble === null;
    return isBack || (gone !== undefined && event.kind === "trainings");
  });
  t.like(gone, { trouble: { code: "UNAVAILABLE" } });
  await Promise.all(again);
});
