import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { patchstream, startService } from "./patchstream.js";

const example = fileURLToPath(new URL("..", import.meta.url));
const sample = join(example, "../data/Task04_Hippocampus");
const imageFile = join(sample, "imagesTr/hippocampus_381_0000.nii.gz");
/** Software draws what WebGL asks for: a machine that tests has no GPU. Chromium's sandbox does not run as root. */
const FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic", "--disable-sync"];
const AS_ROOT = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const DEADLINE_MS = 120_000;

/** A small network for patches of which the sample's images take several, mirrored along all axes. */
const RUN = {
  data: {
    dataset: "Task04_Hippocampus",
    plan: { patchSize: [24, 32, 24], batchSize: 2, pooling: [3, 3, 3] },
    epochs: 2,
    stepsPerEpoch: 20,
    valSteps: 1,
    seed: 1,
    augmentation: [{ kind: "mirror", axes: [0, 1, 2] }],
  },
  training: { baseFeatures: 8, learningRate: 0.1, momentum: 0.9 },
};

let folder: string;
let server: PreviewServer;
let address: string;
let browser: Browser;
/** Whom Chromium asks by itself, with no page open, whatever its flags. */
const CHROMIUMS_OWN = /\b(update\.googleapis|accounts\.google|clients\d\.google)\.com\b/;
/** All that is wanted of other machines goes here. */
const elsewhere = createServer((socket) => {
  socket.on("data", (request) => {
    const [line = ""] = String(request).split("\r\n");
    if (!CHROMIUMS_OWN.test(line)) wanted.push(line);
    socket.destroy();
  });
  socket.on("error", () => undefined);
});
const wanted: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "patchstream-browser-"));
  server = await preview({ root: example, preview: { host: "127.0.0.1", port: 0 }, logLevel: "error" });
  address = server.resolvedUrls?.local[0] ?? "";
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  await once(elsewhere.listen(0, "127.0.0.1"), "listening");
  const proxy = `--proxy-server=127.0.0.1:${(elsewhere.address() as AddressInfo).port}`; // not for loopback
  browser = await chromium.launch({ executablePath, args: [...FLAGS, ...AS_ROOT, proxy] });
});

after(async () => {
  await browser?.close();
  await server?.close();
  elsewhere.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page, with its model read. It fails where the page logs an error. */
async function openPage(): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(address);
  await page.locator("body[data-ready]").waitFor();
  return { page, errors };
}

/** The label that the page gives for saving: the NIfTI file inflated. */
async function savedLabel(page: Page): Promise<{ name: string; bytes: Buffer }> {
  await page.locator("#result:not([hidden])").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Save the label").click()]);
  return { name: download.suggestedFilename(), bytes: gunzipSync(readFileSync(await download.path())) };
}

function differentVoxels(one: Buffer, other: Buffer): number {
  assert.equal(one.length, other.length);
  let count = 0;
  for (let i = 352; i < one.length; i++) if (one[i] !== other[i]) count++;
  return count;
}

test("with a model of one's own the page gives the label of patchstream predict, byte for byte", async () => {
  const [store, runs, run, onnx] = ["store", "runs", "run.json", "tiny.onnx"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  await patchstream("ingest", sample, store, "--json");
  writeFileSync(run, JSON.stringify(RUN));
  {
    await using data = await startService("serve", store, "--workers", "1");
    await using trainer = await startService("trainer", "--runs", runs);
    await patchstream("train", "--data", data.address, "--trainer", trainer.address, "--run", run, "--json");
  }
  const [training] = readdirSync(runs);
  assert.ok(training);
  const model = join(runs, training);
  await patchstream("export", model, onnx, "--to", "onnx");
  await patchstream("predict", model, imageFile, "--out", join(folder, "labels"), "--engine", "onnx");
  const predicted = gunzipSync(readFileSync(join(folder, "labels/hippocampus_381.nii.gz")));

  const { page, errors } = await openPage();
  await page.locator("#model-file").setInputFiles(onnx);
  await page.getByText("tiny.onnx: trained on Task04_Hippocampus").waitFor();
  await page.locator("#image-file").setInputFiles(imageFile);
  const { name, bytes } = await savedLabel(page);
  assert.equal(name, "hippocampus_381_0000_label.nii.gz");
  assert.equal(differentVoxels(bytes, predicted), 0);
  assert.deepEqual(bytes.subarray(0, 352), predicted.subarray(0, 352));
  assert.ok(
    predicted.subarray(352).some((value) => value !== 0),
    "the model found something",
  );
  assert.match((await page.locator("#runs-on").textContent()) ?? "", /^Runs on (WebAssembly, \d+ threads?|WebGPU)/);
  assert.deepEqual(errors, []);
  await page.close();
});

test("by keyboard alone: the sample is labelled with the shipped model, its volumes are told, its label is shown", async () => {
  const { page, errors } = await openPage();
  await page.keyboard.press("Tab"); // the file
  assert.equal(await page.evaluate(() => document.activeElement?.id), "image-file");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "sample");
  await page.keyboard.press("Enter");
  const { bytes } = await savedLabel(page);
  const rows = await page.locator("#volumes tr").allInnerTexts();
  const voxels = (value: number) => bytes.subarray(352).filter((voxel) => voxel === value).length;
  for (const [i, name] of ["Anterior", "Posterior"].entries()) {
    const count = voxels(i + 1);
    assert.match(rows[i] ?? "", new RegExp(`^${name}\\s+${(count / 1000).toFixed(2)} ml\\s+${count}$`)); // 1 mm voxels
  }
  // Held out of the model's training, and labelled by hand.
  const reference = gunzipSync(readFileSync(join(sample, "labelsTr/hippocampus_381.nii.gz"))).subarray(352);
  for (const value of [1, 2]) {
    const both = reference.filter((voxel, i) => voxel === value && bytes[352 + i] === value).length;
    const dice = (2 * both) / (voxels(value) + reference.filter((voxel) => voxel === value).length);
    assert.ok(dice > 0.8, `Dice of ${value} is ${dice}`);
  }
  const threads = await page.evaluate(() => (crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1));
  assert.match(
    (await page.locator("#runs-on").textContent()) ?? "",
    new RegExp(`WebAssembly, ${threads} thread|WebGPU`),
  );
  assert.deepEqual(errors, []);
  await page.close();
});

test("a file that is damaged or no image has one line, and the next image is labelled", async () => {
  const { page } = await openPage();
  const whole = readFileSync(imageFile);
  const inflated = gunzipSync(whole);
  const lineOf = async (name: string, buffer: Buffer) => {
    await page.locator("#image-file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    const line = page.locator("#error", { hasText: name });
    await line.waitFor();
    return await line.textContent();
  };
  assert.match(
    (await lineOf("half.nii.gz", whole.subarray(0, whole.length / 2))) ?? "",
    /^half.nii.gz: its compressed stream is damaged \(.+\); it must be whole$/,
  );
  assert.match(
    (await lineOf("cut.nii", inflated.subarray(0, 5000))) ?? "",
    /^cut.nii: \d+ bytes of voxels are missing; it must be \d+ bytes long, as its header says$/,
  );
  assert.equal(
    await lineOf("photo.jpg", Buffer.from("\xff\xd8\xff\xe0 no image of ours", "latin1")),
    "photo.jpg: it does not begin with a NIfTI header; it must be a NIfTI-1 or NIfTI-2 file",
  );
  assert.equal(
    await lineOf("twice.nii.gz", gzipSync(whole)),
    "twice.nii.gz: it is gzipped twice; it must be a NIfTI-1 or NIfTI-2 file",
  );
  await page.locator("#model-file").setInputFiles({ name: "cat.onnx", mimeType: "", buffer: Buffer.from("<html>") });
  await page.locator("#error", { hasText: "cat.onnx: it is no ONNX file" }).waitFor();

  await page.getByRole("button", { name: "Use the sample" }).click();
  await page.locator("#result:not([hidden])").waitFor();
  assert.equal(await page.locator("#error").isVisible(), false);
  await page.close();
});

test("all that time nothing was asked of another machine", async () => {
  assert.deepEqual(wanted, []);
  const page = await browser.newPage();
  await page.goto("http://elsewhere.invalid/").catch(() => undefined);
  assert.match(wanted[0] ?? "", /elsewhere\.invalid/, "it would have been seen");
  await page.close();
});
