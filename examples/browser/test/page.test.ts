import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { patchstream } from "./patchstream.js";
import { type TinyModel, trainTinyModel } from "./tiny-model.js";

const example = fileURLToPath(new URL("..", import.meta.url));
const sample = join(example, "../data/Task04_Hippocampus");
const imageFile = join(sample, "imagesTr/hippocampus_381_0000.nii.gz");
/** Software draws what WebGL asks for: a machine that tests has no GPU. Chromium's sandbox does not run as root. */
const FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic", "--disable-sync"];
const AS_ROOT = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const WEBGPU_IN_SOFTWARE = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan,WebGPUService",
];
/** What any host says of such files. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};
const DEADLINE_MS = 120_000;

let folder: string;
let server: PreviewServer;
let address: string;
let browser: Browser;
let tiny: TinyModel;
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
  await once(elsewhere.listen(0, "127.0.0.1"), "listening");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.close();
  elsewhere.close();
  rmSync(folder, { recursive: true, force: true });
});

function launch(...flags: string[]): Promise<Browser> {
  const proxy = `--proxy-server=127.0.0.1:${(elsewhere.address() as AddressInfo).port}`; // not for loopback
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: [...FLAGS, ...AS_ROOT, proxy, ...flags] });
}

/** The page, with its model read. It fails where the page logs an error. */
async function openPage(from = browser, at = address): Promise<{ page: Page; errors: string[] }> {
  const page = await from.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(at);
  await page.locator("body[data-ready]").waitFor();
  return { page, errors };
}

/** What an element looks like when it has stopped changing. */
async function stillPicture(element: Locator): Promise<Buffer> {
  for (let last = await element.screenshot(); ; ) {
    const next = await element.screenshot();
    if (next.equals(last)) return next;
    last = next;
  }
}

/** The label that the page gives for saving: the NIfTI file inflated. */
async function savedLabel(page: Page): Promise<{ name: string; bytes: Buffer }> {
  await page.locator("#result:not([hidden])").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Save the label").click()]);
  return { name: download.suggestedFilename(), bytes: gunzipSync(readFileSync(await download.path())) };
}

/** The first voxels along each axis of a NIfTI-1 file, little-endian: `size` (X,Y,Z) of them. */
function cropped(file: Buffer, size: readonly [x: number, y: number, z: number]): Buffer {
  const header = Buffer.from(file.subarray(0, 352));
  const [width, height] = [file.readInt16LE(42), file.readInt16LE(44)];
  const voxelBytes = file.readInt16LE(72) / 8;
  for (const [axis, extent] of size.entries()) header.writeInt16LE(extent, 42 + 2 * axis);
  const rows: Buffer[] = [header];
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) {
      const start = 352 + (z * height + y) * width * voxelBytes;
      rows.push(file.subarray(start, start + size[0] * voxelBytes));
    }
  return Buffer.concat(rows);
}

function differentVoxels(one: Buffer, other: Buffer): number {
  assert.equal(one.length, other.length);
  let count = 0;
  for (let i = 352; i < one.length; i++) if (one[i] !== other[i]) count++;
  return count;
}

test("with a model of one's own the page gives the label of patchstream predict, byte for byte", async () => {
  tiny = await trainTinyModel(sample, folder);
  await patchstream("predict", tiny.training, imageFile, "--out", join(folder, "labels"), "--engine", "onnx");
  const predicted = gunzipSync(readFileSync(join(folder, "labels/hippocampus_381.nii.gz")));

  const { page, errors } = await openPage();
  await page.locator("#model-file").setInputFiles(tiny.onnx);
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

test("on WebGPU, where there is one, the label is that of WebAssembly but for the order of sums", async (t) => {
  await using onGpu = await launch(...WEBGPU_IN_SOFTWARE);
  const { page, errors } = await openPage(onGpu);
  const hasGpu = await page.evaluate(async () => {
    const { gpu } = navigator as Navigator & { gpu?: { requestAdapter(): Promise<object | null> } };
    return Boolean(await gpu?.requestAdapter());
  });
  if (!hasGpu) return t.skip("this Chromium has no WebGPU in software");
  const crop = join(folder, "crop.nii");
  writeFileSync(crop, cropped(gunzipSync(readFileSync(imageFile)), [24, 32, 24]));
  await patchstream("predict", tiny.training, crop, "--out", join(folder, "crops"), "--engine", "onnx", "--no-mirror");

  await page.locator("#model-file").setInputFiles(tiny.onnx);
  await page.getByText("tiny.onnx: trained on").waitFor();
  await page.locator("#mirror").uncheck();
  await page.locator("#image-file").setInputFiles(crop);
  const { bytes } = await savedLabel(page);
  assert.match((await page.locator("#runs-on").textContent()) ?? "", /^Runs on WebGPU, /);
  const different = differentVoxels(bytes, readFileSync(join(folder, "crops/crop.nii")));
  t.diagnostic(`${different} of ${bytes.length - 352} voxels differ`);
  assert.ok(different <= (bytes.length - 352) / 1000);
  assert.deepEqual(errors, []);
});

test("by keyboard alone: the sample is labelled with the shipped model, its volumes are told, its label is shown", async () => {
  const { page, errors } = await openPage();
  await page.keyboard.press("Tab"); // the file
  assert.equal(await page.evaluate(() => document.activeElement?.id), "image-file");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "sample");
  await page.keyboard.press("Enter");
  const { bytes } = await savedLabel(page);
  assert.equal(await page.getByRole("button", { name: "Cancel" }).isVisible(), false);
  const rows = await page.locator("#volumes tr").allInnerTexts();
  const voxels = (value: number) => bytes.subarray(352).filter((voxel) => voxel === value).length;
  for (const [i, name] of ["Anterior", "Posterior"].entries()) {
    const count = voxels(i + 1);
    assert.match(rows[i] ?? "", new RegExp(`^${name}\\s+${(count / 1000).toFixed(2)} ml\\s+${count}$`)); // 1 mm voxels
  }
  const canvas = page.locator("#canvas");
  await canvas.focus();
  await page.keyboard.press("Shift"); // from the first key on, a frame shows where the focus is
  const before = await stillPicture(canvas);
  await page.keyboard.press("PageUp");
  assert.notDeepEqual(await stillPicture(canvas), before, "the cross hair has moved");
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

  await page.evaluate(() => {
    const dropped = new DataTransfer();
    dropped.items.add(new File(["<!doctype html>".padEnd(400)], "dropped.nii"));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped }));
  });
  await page.locator("#error", { hasText: "dropped.nii: it is a web page; it must be a NIfTI" }).waitFor();

  await page.getByRole("button", { name: "Use the sample" }).click();
  await page.locator("#result:not([hidden])").waitFor();
  assert.equal(await page.locator("#error").isVisible(), false);
  await page.close();
});

test("served from a folder by a host that sends none of our headers, it labels with one thread and says why", async () => {
  const plain = createHttpServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://host");
    const name = pathname.replace("/any/folder/", "") || "index.html";
    const file = join(example, "dist", name);
    if (!pathname.startsWith("/any/folder/") || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await once(plain.listen(0, "127.0.0.1"), "listening");
  const at = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/any/folder/`;
  const { page, errors } = await openPage(browser, at);
  await page.getByRole("button", { name: "Use the sample" }).click();
  await savedLabel(page);
  const line = await page.locator("#runs-on").textContent();
  assert.equal(line, "Runs on WebAssembly, 1 thread: the page is served without cross-origin isolation.");
  assert.deepEqual(errors, []);
  await page.close();
  plain.closeAllConnections();
  plain.close();
});

test("all that time nothing was asked of another machine", async () => {
  assert.deepEqual(wanted, []);
  const page = await browser.newPage();
  await page.goto("http://elsewhere.invalid/").catch(() => undefined);
  assert.match(wanted[0] ?? "", /elsewhere\.invalid/, "it would have been seen");
  await page.close();
});
