import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import type { StoredCase } from "../../loader/dataset/dataset.js";
import { openStore } from "../../loader/dataset/open-store.js";
import type { Store } from "../../loader/dataset/store.js";
import { cropReference } from "../../loader/engine/cut/crop.reference.js";
import { serve } from "../../loader/server/serve.js";
import type { Zyx } from "../../plan/zyx.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { patchstream, patchstreamHere } from "./command.js";

const test = anyTest as TestFn<{ folder: string; store: Store; run: string }>;
type Context = ExecutionContext<{ folder: string; store: Store; run: string }>;

const DATA = {
  dataset: "Task04_Hippocampus",
  split: { fold: "all" },
  plan: { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] },
  mode: "performance",
  augmentation: "none",
};

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-get-"));
  const store = await openStore(await makeSampleStore(folder));
  t.context = { folder, store, run: await runFile(folder, "run.json", { data: DATA }) };
});

test.after.always((t) => rm(t.context.folder, { recursive: true, force: true }));

async function runFile(folder: string, name: string, run: unknown): Promise<string> {
  await writeFile(join(folder, name), typeof run === "string" ? run : JSON.stringify(run));
  return join(folder, name);
}

const get = (...args: string[]) => patchstreamHere("get", ...args);

/** What a .npy file of ours holds, after its header. */
async function npyValues(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  return bytes.subarray(10 + bytes.readUInt16LE(8));
}

interface BatchJson {
  readonly step: number;
  readonly stage: number;
  readonly patchSize: Zyx;
  readonly checksum: number;
  readonly sha256: string;
  readonly samples: readonly {
    readonly case: string;
    readonly kind: string;
    readonly class: number | null;
    readonly start: Zyx;
  }[];
}

/** Image and label values of the boxes that a batch.json names, cut from the store a voxel at a time. */
async function namedBoxes(store: Store, batch: BatchJson): Promise<{ image: Buffer; label: Buffer }> {
  const images: Buffer[] = [];
  const labels: Buffer[] = [];
  for (const { case: id, start: lower } of batch.samples) {
    const { shape } = store.dataset.cases.find((entry) => entry.id === id) as StoredCase;
    const [, ...extent] = shape;
    const box = { lower, size: batch.patchSize };
    const image = { values: await store.readImage(id), shape };
    const label = { values: await store.readLabel(id), shape: [1, ...extent] as const };
    const straight = [false, false, false] as const;
    images.push(Buffer.from(Float32Array.from(cropReference(image, box, straight, 0), ({ value }) => value).buffer));
    const values = Int16Array.from(cropReference(label, box, straight, -1), ({ value }) => Math.max(value, 0));
    labels.push(Buffer.from(values.buffer));
  }
  return { image: Buffer.concat(images), label: Buffer.concat(labels) };
}

async function written(t: Context, ...args: string[]): Promise<{ batch: BatchJson; image: Buffer; label: Buffer }> {
  const out = await mkdtemp(join(t.context.folder, "out-"));
  const { code, stderr } = await get(...args, "--out", out);
  t.is(code, 0, stderr);
  t.deepEqual((await readdir(out)).sort(), ["batch.json", "image.npy", "label.npy"]);
  return {
    batch: JSON.parse(await readFile(join(out, "batch.json"), "utf8")) as BatchJson,
    image: await npyValues(join(out, "image.npy")),
    label: await npyValues(join(out, "label.npy")),
  };
}

test("the files hold the boxes that batch.json names, and their checksums are those of the wire's bytes", async (t) => {
  const { store, run } = t.context;
  for (const address of [
    ["--step", "0"],
    ["--step", "7", "--stage", "9"],
    ["--step", "3", "--timeline", "val"],
  ]) {
    const { batch, image, label } = await written(t, "--store", store.path, "--run", run, ...address);
    const expected = await namedBoxes(store, batch);
    t.true(image.equals(expected.image), address.join(" "));
    t.true(label.equals(expected.label), address.join(" "));
    const wire = Buffer.concat([image, Uint8Array.from(new Int16Array(Uint8Array.from(label).buffer))]);
    t.is(batch.checksum, crc32(wire));
    t.is(batch.sha256, createHash("sha256").update(wire).digest("hex"));
    t.true(batch.samples.some(({ kind, class: label }) => kind === "foreground" && typeof label === "number"));
  }
});

test("what travels in another type or layout is written as the same kind of file", async (t) => {
  const { store, run, folder } = t.context;
  const plain = await written(t, "--store", store.path, "--run", run, "--step", "5", "--stage", "12");
  const wire = { image: "f16", label: "i16", layout: "channels-last" };
  const halves = await runFile(folder, "halves.json", { data: { ...DATA, wire } });
  const half = await written(t, "--store", store.path, "--run", halves, "--step", "5", "--stage", "12");
  t.true(half.label.equals(plain.label));
  t.deepEqual(half.batch.samples, plain.batch.samples);
  const [exact, rounded] = [plain, half].map(({ image }) => new Float32Array(Uint8Array.from(image).buffer));
  // Half a unit in the last of a half's 11 significant bits.
  t.true(exact?.every((value, index) => Math.abs(value - (rounded?.[index] as number)) <= Math.abs(value) * 2 ** -11));
});

test("the further labels of deep supervision are files of their own, and part of the checksums", async (t) => {
  const { store, folder } = t.context;
  const run = await runFile(folder, "deep.json", { data: { ...DATA, deepSupervision: true } });
  const out = await mkdtemp(join(folder, "out-"));
  t.is((await get("--store", store.path, "--run", run, "--step", "2", "--stage", "14", "--out", out)).code, 0);
  const labels = ["label.npy", "label_1.npy", "label_2.npy"];
  t.deepEqual((await readdir(out)).sort(), ["batch.json", "image.npy", ...labels]);
  const [full, half, quarter] = await Promise.all(labels.map((name) => npyValues(join(out, name))));
  t.deepEqual(
    [half, quarter].map((label) => label?.length),
    [8, 64].map((share) => (full?.length ?? 0) / share),
  );
  const narrow = (label: Buffer) => Uint8Array.from(new Int16Array(Uint8Array.from(label).buffer));
  const image = await npyValues(join(out, "image.npy"));
  const wire = Buffer.concat([image, ...[full, half, quarter].map((label) => narrow(label as Buffer))]);
  const batch = JSON.parse(await readFile(join(out, "batch.json"), "utf8")) as BatchJson;
  t.is(batch.checksum, crc32(wire));
  t.is(batch.sha256, createHash("sha256").update(wire).digest("hex"));
});

test("a data server's batch is written as the store's own", async (t) => {
  const { store, run } = t.context;
  const server = await serve(store, { workers: 1, volumeBudgetBytes: 2 ** 22, slotBudgetBytes: 2 ** 24 });
  t.teardown(() => server[Symbol.asyncDispose]());
  const address = ["--run", run, "--step", "11", "--stage", "6"];
  const [local, remote] = [
    await written(t, "--store", store.path, ...address),
    await written(t, "--data", server.address, ...address),
  ];
  t.deepEqual(remote.batch, local.batch);
  t.true(remote.image.equals(local.image));
  t.true(remote.label.equals(local.label));
});

test("--json prints batch.json's content and nothing else; without it a line a sample", async (t) => {
  const { store, run } = t.context;
  const address = ["--store", store.path, "--run", run, "--step", "5", "--stage", "14"];
  const json = await patchstream("get", ...address, "--json");
  t.is(json.stderr, "");
  t.like(JSON.parse(json.stdout), { timeline: "train", step: 5, stage: 14, patchSize: [40, 56, 40] });
  const text = await get(...address);
  const [head, ...rows] = text.stdout.trimEnd().split("\n");
  t.regex(
    head as string,
    /^step 5 {2}stage 14 {2}patch 40x56x40 voxels {2}batch 2 {2}image 0\.7 MiB {2}checksum [0-9a-f]{8}$/,
  );
  t.is(rows.length, 2);
  t.regex(rows[0] as string, /^ {2}0 {2}case hippocampus_\d+ {2}start -?\d+,-?\d+,-?\d+ +random +as stored$/);
  t.regex(
    rows[1] as string,
    /^ {2}1 {2}case hippocampus_\d+ {2}start -?\d+,-?\d+,-?\d+ +foreground class [12] +as stored$/,
  );
});

test("each mistake is one line that names it, and exit code 1; wrong use is 2", async (t) => {
  const { store, run, folder } = t.context;
  const torn = await runFile(folder, "torn.json", '{ "data": ');
  const unknown = await runFile(folder, "unknown.json", { data: { ...DATA, patchSise: [8, 8, 8] } });
  const failures: [string[], RegExp][] = [
    [
      ["--store", store.path, "--run", torn, "--step", "0"],
      /torn\.json: .*JSON.*; it must be a run spec in JSON \(--run\)$/,
    ],
    [["--store", store.path, "--run", join(folder, "none.json"), "--step", "0"], /none\.json: there is no such file/],
    [["--store", store.path, "--run", unknown, "--step", "0"], /patchSise/],
    [["--store", store.path, "--run", run, "--step", "250000"], /step 250000 does not exist; .*0 to 249999$/],
    [["--store", store.path, "--run", run, "--step", "0", "--stage", "15"], /stage 15 does not exist/],
    [["--store", join(folder, "elsewhere"), "--run", run, "--step", "0"], /elsewhere/],
  ];
  for (const [args, line] of failures) {
    const { code, stdout, stderr } = await get(...args);
    t.is(code, 1, stderr);
    t.is(stdout, "");
    t.is(stderr.trimEnd().split("\n").length, 1, stderr);
    t.regex(stderr.trimEnd(), line);
  }
  for (const args of [
    ["--step", "0"],
    ["--store", store.path, "--data", "localhost:1", "--step", "0"],
    ["--store", store.path, "--step", "-1"],
  ]) {
    t.is((await get(...args, "--run", run)).code, 2);
  }
});

test("what cannot be written is named, and what was there stays", async (t) => {
  const { store, run } = t.context;
  const out = await mkdtemp(join(t.context.folder, "out-"));
  await writeFile(join(out, "image.npy"), "mine");
  const inside = join(out, "image.npy", "deeper");
  const { code, stderr } = await get("--store", store.path, "--run", run, "--step", "0", "--out", inside);
  t.is(code, 1);
  t.regex(stderr, /deeper.*was not written: /);
  t.is(await readFile(join(out, "image.npy"), "utf8"), "mine");
});
