import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { type DashboardServer, serveDashboard } from "../../../dashboard/index.js";
import { connectTrainer, type TrainerClient } from "../../../trainer/index.js";
import { type Process, sampleStore, serving, temporaryFolder, tinyRun, trainerIn } from "../../trainer/processes.js";
import { writeLongTraining } from "../write-long-training.js";
import { writeStudy } from "../write-study.js";

/** Software draws what WebGL asks for: a machine that tests has no GPU. Chromium's sandbox does not run as root. */
const FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic", "--disable-sync"];
const AS_ROOT = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LONG = "20260101-000000-000-long";
const DEADLINE_MS = 120_000;

const ends: (() => unknown)[] = [];
const scope = { teardown: (end: () => unknown) => ends.push(end) };

let browser: Browser;
let trainer: Process;
/** The data servers that the training asks. */
let replicas: readonly Process[];
let client: TrainerClient;
let tokenFile: string;
let dashboard: DashboardServer;
/** A training that goes on. */
let training: string;

before(async () => {
  const { store, cases } = await sampleStore(scope, 3);
  const runs = temporaryFolder(scope);
  mkdirSync(join(runs, LONG));
  writeLongTraining(join(runs, LONG), 250_000);
  tokenFile = join(temporaryFolder(scope), "tokens");
  writeFileSync(tokenFile, "data,train,watch first\n");
  const study = join(temporaryFolder(scope), "study");
  await writeStudy(study);
  const [data, other, started, opened] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1", "--metrics-port", "0"),
    serving(scope, "serve", store, "--workers", "1"),
    trainerIn(scope, runs),
    chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...AS_ROOT] }),
  ]);
  trainer = started;
  replicas = [data, other];
  browser = opened;
  client = connectTrainer(trainer.address);
  dashboard = await serveDashboard({ trainer: trainer.address, dataMetrics: [data.metrics ?? ""], study, tokenFile });
  const run = tinyRun(cases, { data: { stepsPerEpoch: 10_000, epochs: 8 } });
  training = await client.start(
    Buffer.from(JSON.stringify(run)),
    replicas.map(({ address }) => address),
  );
});

after(async () => {
  await browser?.close();
  await dashboard?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  for (const end of ends.reverse()) await end();
});

/** The page of a training, as somebody with a token opens it. `errors` are what its console has, and what it asked of other hosts. */
async function open(
  path: string,
  options: BrowserContextOptions = {},
  token = "first",
): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(dashboard.url) && !/^(data|blob):/.test(request.url())) errors.push(request.url());
  });
  await page.goto(`${dashboard.url}#token=${token}`);
  await page.goto(`${dashboard.url}#/${path}`);
  return { page, errors };
}

/** What axe-core finds, in words. */
async function found(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] = await page.evaluate(
    "axe.run().then(({ violations }) => violations)",
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}\n${failureSummary}`),
  );
}

test("a training is seen, light and dark, wide and on a phone, and axe finds nothing", async () => {
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 390],
  ] as const) {
    const { page, errors } = await open(training, { colorScheme, viewport: { width, height: 900 } });
    await page.getByText("What the network sees now").waitFor();
    await page.getByRole("img", { name: /^Loss over steps.*Now/ }).waitFor();
    await page.getByText("As this training sees them").waitFor();
    await page.getByRole("cell", { name: "well", exact: true }).last().waitFor();
    assert.deepEqual(await found(page), []);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert.equal(overflow, 0, `${width} pixels are enough`);
    assert.deepEqual(errors, []);
    await page.context().close();
  }
});

test("data servers that fall silent are named above all else, with what the training waits for, until they are back", async () => {
  const { page, errors } = await open(training, { viewport: { width: 390, height: 900 } });
  await page.getByText("As this training sees them").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  for (const { pid } of replicas) process.kill(pid, "SIGSTOP");
  try {
    await page.getByText("2 data servers are ill.").waitFor();
    for (const { address } of replicas)
      assert.match(
        (await page.getByRole("alert").textContent()) ?? "",
        new RegExp(`${address} is silent( \\(last heard of [^)]+ ago\\))?: it is connected and sends nothing`),
      );
    await page.getByText(/^stands still for the batch of step [\d,]+$/).waitFor();
    await page.getByText(/The training has waited \d+ s for the batch of step [\d,]+ \(stage 0\): asked of /).waitFor();
    assert.deepEqual(await found(page), []);
  } finally {
    for (const { pid } of replicas) process.kill(pid, "SIGCONT");
  }
  await page.getByRole("alert").waitFor({ state: "hidden" });
  assert.deepEqual(errors, []);
  await page.context().close();
});

test("a study is seen with its runs, light and dark, wide and on a phone, and its report is opened", async () => {
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 390],
  ] as const) {
    const { page, errors } = await open("study", { colorScheme, viewport: { width, height: 900 } });
    await page.getByText("6 of 8 runs have a result").first().waitFor();
    const rows = page.getByRole("region", { name: "All runs" }).getByRole("row");
    await rows.nth(8).waitFor();
    assert.equal(await rows.count(), 1 + 8);
    await page.getByText("step 2,000 of 2,000, stage 14").waitFor();
    await page.getByText("the loss is NaN").waitFor();
    assert.deepEqual(await found(page), []);
    await page.getByRole("link", { name: "t6" }).click();
    await page.getByText("2,000 of 2,000").first().waitFor();
    assert.equal(await page.getByRole("link", { name: "Batches" }).count(), 0);
    assert.equal(await page.getByRole("heading", { name: "Controls" }).count(), 0);
    assert.deepEqual(await found(page), []);
    await page.goBack();
    await rows.nth(8).waitFor();
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert.equal(overflow, 0, `${width} pixels are enough`);
    const opened = page.context().waitForEvent("page");
    await page.getByRole("button", { name: "Open the report" }).click();
    const report = await opened;
    await report.getByRole("heading", { level: 1 }).waitFor();
    assert.deepEqual(errors, []);
    await page.context().close();
  }
});

test("with the keyboard alone the training goes to its next stage, after a question", async () => {
  const { page, errors } = await open(training);
  const button = page.getByRole("button", { name: "Next stage", disabled: false }); // it is not until the trainings are listed
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  assert.deepEqual(await found(page), []);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await button.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter"); // the dialog's first button has the focus
  await page.getByText(/^Stage 1 from step [\d,]+, until the schedule goes on/).waitFor();
  await page.getByText(/Stage 1 since step [\d,]+ \(/).waitFor();
  assert.deepEqual(errors, []);
  await page.context().close();
});

test("a batch is seen as a montage, its samples in words, and one of them inside its volume", async () => {
  const { page, errors } = await open(`${training}/batches`);
  await page.locator(".montage").waitFor();
  await page.getByLabel("Step", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByText(/Step 3, stage 0: \d+ patches/).waitFor();
  await page.getByRole("button", { name: "Largest jump of the loss" }).click();
  await page.getByText(/(Its loss was|The loss of the \d+ steps around it was up to) [\d.-]+, before that/).waitFor();
  await page.getByLabel("Step", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByText(/Step 3, stage 0: \d+ patches/).waitFor();
  assert.deepEqual(await found(page), []);
  await page.getByRole("button", { name: "Show sample 0 in its volume" }).click();
  await page.getByText(/The whole volume.*Yellow: the box/).waitFor();
  const canvas = page.getByLabel(/^Three planes through the box/);
  while (!(await isDrawn(await canvas.screenshot())));
  assert.deepEqual(await found(page), []);
  assert.deepEqual(errors, []);
  await page.getByLabel("Step", { exact: true }).fill("999999");
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByText("step 999999 does not exist").waitFor();
  await page.context().close();
});

/** Whether a picture has the yellow of a box, which no grey and no label has. */
async function isDrawn(png: Buffer): Promise<boolean> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  for (let at = 0; at < data.length; at += info.channels)
    if ((data[at] ?? 0) > 230 && (data[at + 1] ?? 0) > 230 && (data[at + 2] ?? 255) < 60) return true;
  return false;
}

test("250,000 steps in 15 stages are seen whole", async (t) => {
  await client.stop(training); // which would take steps as fast as it can meanwhile
  const begun = performance.now();
  const { page, errors } = await open(LONG);
  await page.getByText("250,000 of 250,000").waitFor();
  t.diagnostic(`250,000 steps were there after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await page.getByText(/Stage 14 since step 233,333/).waitFor();
  assert.equal(await page.getByRole("list", { name: "Stages" }).getByRole("listitem").count(), 15);
  assert.deepEqual(errors, []);
  await page.context().close();
});

test("a token that has expired, a trainer that is slow and one that is gone are said in words", async () => {
  const { page } = await open(training);
  await page.getByText("live", { exact: true }).waitFor();
  writeFileSync(`${tokenFile}.new`, "data,train,watch second\n");
  renameSync(`${tokenFile}.new`, tokenFile);
  await page.getByText("A token is needed.").waitFor();
  assert.deepEqual(await found(page), []);
  await page.getByLabel("Token").fill("second");
  await page.keyboard.press("Enter");
  await page.getByText("live", { exact: true }).waitFor();

  process.kill(trainer.pid, "SIGSTOP");
  await page.getByText("The trainer is slow to answer.").waitFor();
  process.kill(trainer.pid, "SIGCONT");
  await page.getByText("live", { exact: true }).waitFor();
  await trainer.end();
  await page.getByText("The trainer does not answer.").waitFor();
  await page.getByText(/What is shown is .* old/).waitFor();
  assert.deepEqual(await found(page), []);
  await page.context().close();
});
