// Takes the pictures of docs/how-to/watch-a-training.md, of a real training on the sample; with a folder named, what a dark screen shows into that, too.
// Wants the project built, and Chromium (CHROMIUM=/path/to/chrome).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { connectTrainer } from "../../dist/trainer/index.js";

const [darkFolder] = process.argv.slice(2);
const SAMPLE = "examples/data/Task04_Hippocampus";
/** The stage in which the pictures are taken: curves are there, and much is still to come. */
const STAGE = 9;
const work = mkdtempSync(join(tmpdir(), "patchstream-pictures-"));
const running = [];

const command = (...args) =>
  spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "pipe", "inherit"] });

/** A service that runs until the end; what it says when it is ready. */
async function service(...args) {
  const child = command(...args, "--json", "--log-level", "silent");
  running.push(child);
  const [line] = await once(createInterface(child.stdout), "line");
  return JSON.parse(line);
}

async function take() {
  await once(command("ingest", SAMPLE, join(work, "store"), "--quiet", "--json"), "exit");
  const serve = () => service("serve", join(work, "store"), "--port", "0", "--workers", "1", "--metrics-port", "0");
  const servers = [await serve(), await serve()];
  const { address } = await service("trainer", "--port", "0", "--runs", join(work, "runs"));
  const metrics = servers.map((one) => one.metrics).join(",");
  const dashboard = command("dashboard", "--trainer", address, "--data-metrics", metrics, "--json");
  running.push(dashboard);
  const [line] = await once(createInterface(dashboard.stdout), "line");
  const { url } = JSON.parse(line);

  const cases = readdirSync(join(SAMPLE, "labelsTr"), { encoding: "utf8" })
    .map((name) => name.replace(".nii.gz", ""))
    .sort();
  const split = { train: cases.slice(0, -4), val: cases.slice(-4) };
  const data = {
    dataset: "Task04_Hippocampus",
    split,
    mode: "performance",
    epochs: 30,
    stepsPerEpoch: 6,
    valSteps: 2,
    seed: 1,
  };
  const run = { data, training: { baseFeatures: 4, learningRate: 0.1, momentum: 0.9 } };
  const trainer = connectTrainer(address);
  const training = await trainer.start(
    run,
    servers.map((one) => one.address),
  );
  for await (const event of trainer.watch(training)) if (event.kind === "stage" && event.stage.stage === STAGE) break;
  await trainer[Symbol.asyncDispose]();

  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  try {
    await shoot(browser, { url, training, colorScheme: "light", folder: "docs/pictures" });
    if (darkFolder !== undefined) await shoot(browser, { url, training, colorScheme: "dark", folder: darkFolder });
  } finally {
    await browser.close();
  }
}

async function shoot(browser, { url, training, colorScheme, folder }) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1120, height: 1520 } });
  await page.goto(url);
  await page.goto(`${url.split("#")[0]}#/${training}`);
  await page.getByText("What the network sees now").waitFor();
  await page.getByRole("img", { name: /^Loss over steps/ }).waitFor();
  await page.getByText("As this training sees them").waitFor();
  await page.screenshot({ path: join(folder, "dashboard.png") });
  await page.goto(`${url.split("#")[0]}#/${training}/batches`);
  await page.locator(".montage").waitFor();
  await page.getByRole("button", { name: "Show sample 0 in its volume" }).click();
  await page.getByText(/The whole volume.*Yellow: the box/).waitFor();
  const canvas = page.getByLabel(/^Three planes through the box/);
  await canvas.scrollIntoViewIfNeeded();
  // The rendering comes in steps: it is there when two pictures in a row are the same.
  for (let [before, now] = ["", "-"]; before !== now; )
    [before, now] = [now, (await canvas.screenshot()).toString("base64")];
  await page.screenshot({ path: join(folder, "dashboard-batch.png") });
  await page.close();
}

try {
  await take();
} finally {
  for (const child of running) child.kill();
  rmSync(work, { recursive: true, force: true });
}
