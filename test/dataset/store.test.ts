import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import * as zarr from "zarrita";
import { ingest, openStore } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import { sameBytes } from "./same-bytes.js";
import { temporaryFolder } from "./temporary-folder.js";
import { verifyFolder } from "./verify-folder.js";
import { type RawToWrite, writeRawDataset } from "./write-raw-dataset.js";

async function phantomStore(folder: string, raw: RawToWrite = {}): Promise<string> {
  writeRawDataset(join(folder, "raw"), raw);
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 0 });
  return join(folder, "store");
}

test("any region of image and label is the same box of the whole", async (t) => {
  const shape = [40, 33, 70] as const;
  const path = await phantomStore(temporaryFolder(t), { ids: ["a"], channelNames: ["noNorm", "noNorm"], shape });
  await using store = await openStore(path);
  const voxels = shape[0] * shape[1] * shape[2];
  const image = await store.readImage("a");
  t.is(image.length, 2 * voxels);
  t.true(image.every((value, i) => value === (i % voxels) + 1000 * Math.floor(i / voxels)));
  const span = (size: number) =>
    fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  await fc.assert(
    fc.asyncProperty(span(shape[0]), span(shape[1]), span(shape[2]), async (z, y, x) => {
      const region = { start: [z[0], y[0], x[0]] as Zyx, end: [z[1], y[1], x[1]] as Zyx };
      const expected: number[] = [];
      for (let i = z[0]; i < z[1]; i++) {
        for (let j = y[0]; j < y[1]; j++)
          for (let k = x[0]; k < x[1]; k++) expected.push((i * shape[1] + j) * shape[2] + k);
      }
      const [labels, values] = await Promise.all([store.readLabel("a", region), store.readImage("a", region)]);
      t.true(
        sameBytes(
          labels,
          Int16Array.from(expected, (voxel) => (voxel === 0 ? 0 : voxel % 3)),
        ),
      );
      t.true(sameBytes(values, Float32Array.from([...expected, ...expected.map((voxel) => voxel + 1000)])));
    }),
    { numRuns: 40 },
  );
});

test("a region outside of the case, an unknown case and an unknown class are refused by name", async (t) => {
  await using store = await openStore(await phantomStore(temporaryFolder(t)));
  const region = { start: [0, 0, 0] as Zyx, end: [5, 6, 8] as Zyx };
  await t.throwsAsync(async () => store.readImage("phantom_1", region), {
    message: /inside phantom_1, which has 5x6x7 voxels/,
  });
  await t.throwsAsync(async () => store.readLabel("nobody"), {
    message: 'no case "nobody"; known: phantom_1, phantom_2',
  });
  await t.throwsAsync(async () => store.readLocations("phantom_1", 3), { message: 'no class "3"; known: 1, 2' });
});

test("voxels that are zero in every channel are -1 in the label and 0 in the reference", async (t) => {
  await using store = await openStore(await phantomStore(temporaryFolder(t)));
  t.is((await store.readLabel("phantom_1"))[0], -1);
  t.is((await store.readReference("phantom_1"))[0], 0);
});

test("a class that a case lacks has no locations there", async (t) => {
  const values = new Uint8Array(210).fill(2);
  await using store = await openStore(await phantomStore(temporaryFolder(t), { label: { values } }));
  t.deepEqual(
    store.dataset.cases.map(({ foregroundCounts }) => foregroundCounts),
    [
      [0, 210],
      [0, 210],
    ],
  );
  t.is((await store.readLocations("phantom_1", 1)).length, 0);
  t.is((await store.readLocations("phantom_1", 2)).length, 630);
});

test("one flipped bit in any file of a store is noticed", async (t) => {
  const folder = temporaryFolder(t);
  const store = await phantomStore(folder);
  await verifyFolder(store);
  const files = readdirSync(store, { recursive: true, encoding: "utf8" }).filter(
    (file) => statSync(join(store, file)).isFile() && !file.startsWith(".ingest-lock"),
  );
  const groups = files.filter((file) => file.endsWith("locations/zarr.json"));
  const saved = join(folder, "saved");
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 0, max: 7 }), async (file, where, bit) => {
      const path = join(store, file);
      copyFileSync(path, saved);
      const bytes = readFileSync(path);
      const at = where % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
      writeFileSync(path, bytes);
      const error = await t.throwsAsync(
        verifyFolder(store),
        { instanceOf: PatchstreamError },
        `${file}, byte ${at}, bit ${bit}`,
      );
      t.is(error?.code, "STORE_DAMAGED");
      copyFileSync(saved, path);
    }),
    { numRuns: 75, examples: [...files, ...groups].map((file) => [file, 5, 3]) },
  );
  await verifyFolder(store);
});

test("a damaged chunk is named, and other chunks of the case can still be read", async (t) => {
  const path = await phantomStore(temporaryFolder(t), { ids: ["a"], shape: [40, 20, 20] });
  const shard = join(path, "a", "image", "c.0.0.0.0");
  const bytes = readFileSync(shard);
  const lastChunkOfAll = bytes.length - (3 * 2 * 2 * 16 + 4) - 100;
  bytes.writeUInt8(bytes.readUInt8(lastChunkOfAll) ^ 1, lastChunkOfAll);
  writeFileSync(shard, bytes);
  await using store = await openStore(path);
  const error = await t.throwsAsync(store.readImage("a"), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "STORE_DAMAGED", case: "a", chunk: "image 0,2,1,1" });
  const whole = await store.readImage("a", { start: [0, 0, 0], end: [20, 20, 20] });
  t.is(whole[7999], 7999);
});

test("what is read into an array of the caller's fills it, chunks that are not stored too", async (t) => {
  const shape = [20, 70, 40] as const;
  const values = new Uint8Array(20 * 70 * 40).fill(1, 0, 15);
  const path = await phantomStore(temporaryFolder(t), { ids: ["a"], shape, label: { values } });
  t.true(statSync(join(path, "a/reference/c.0.0.0")).size < 6 * 16 + 4 + 200, "one of six chunks is stored");
  await using store = await openStore(path);
  const region = { start: [0, 0, 0] as Zyx, end: [20, 60, 33] as Zyx };
  const label = new Int16Array(20 * 60 * 33).fill(77);
  const image = new Float32Array(label.length).fill(77);
  t.is(await store.readLabel("a", region, label), label);
  t.is(await store.readImage("a", region, image), image);
  t.true(sameBytes(label, await store.readLabel("a", region)));
  t.true(sameBytes(image, await store.readImage("a", region)));
  t.false(label.includes(77));
  const locations = await store.readLocations("a", 1);
  t.deepEqual(await store.readLocations("a", 1, { start: 7, end: 9 }), locations.slice(21, 27));
});

test("a store of an earlier version says that it has to be made again", async (t) => {
  const path = await phantomStore(temporaryFolder(t));
  const file = join(path, "zarr.json");
  const { zarr_format, node_type, attributes } = JSON.parse(readFileSync(file, "utf8"));
  const { maskedChannels: _none, ...record } = attributes.patchstream;
  const zeros = "0".repeat(64);
  const old = { zarr_format, node_type, attributes: { patchstream: { ...record, format: 1, seal: zeros } } };
  const text = JSON.stringify(old, undefined, 2);
  writeFileSync(file, text.replace(zeros, createHash("sha256").update(text).digest("hex")));
  const error = await t.throwsAsync(openStore(path), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "STORE_DAMAGED", store: path });
  t.regex(
    error?.message ?? "",
    /it has format 1; this version reads format 3. Make it again with "patchstream ingest RAW .* --force"/,
  );
  await t.throwsAsync(ingest(join(path, "../raw"), path, { workers: 0 }), { message: /it has format 1.*use --force/ });
  await ingest(join(path, "../raw"), path, { workers: 0, force: true });
  await verifyFolder(path);
});

test("a store of an older version that kept gaps between label values is refused, and ingest says what to do", async (t) => {
  const path = await phantomStore(temporaryFolder(t));
  const file = join(path, "zarr.json");
  const { zarr_format, node_type, attributes } = JSON.parse(readFileSync(file, "utf8"));
  const zeros = "0".repeat(64);
  const labels = { background: 0, first: 1, second: 5 };
  const record = { ...attributes.patchstream, seal: zeros, labels, classes: [1, 5] };
  const text = JSON.stringify({ zarr_format, node_type, attributes: { patchstream: record } }, undefined, 2);
  writeFileSync(file, text.replace(zeros, createHash("sha256").update(text).digest("hex")));
  await t.throwsAsync(openStore(path), { message: /kept gaps between label values. Make it again with .* --force/ });
  await ingest(join(path, "../raw"), path, { workers: 0, force: true });
  await verifyFolder(path);
});

test("zarrita reads what is stored", async (t) => {
  const path = await phantomStore(temporaryFolder(t), { ids: ["a"], shape: [40, 33, 70] });
  await using store = await openStore(path);
  for (const [name, values] of [
    ["image", await store.readImage("a")],
    ["label", await store.readLabel("a")],
    ["locations/1", await store.readLocations("a", 1)],
  ] as const) {
    const array = await zarr.open.v3(zarr.root(filesIn(path)).resolve(`a/${name}`), { kind: "array" });
    t.deepEqual((await zarr.get(array)).data as typeof values, values);
  }
});

function filesIn(folder: string): zarr.AsyncReadable {
  const get = async (key: string) => Uint8Array.from(readFileSync(join(folder, key)));
  return {
    get,
    async getRange(key, range) {
      const bytes = await get(key);
      if ("suffixLength" in range) return bytes.subarray(bytes.length - range.suffixLength);
      return bytes.subarray(range.offset, range.offset + range.length);
    },
  };
}

test("a shard that is cut short, or missing, is an error and never a volume of zeros", async (t) => {
  const path = await phantomStore(temporaryFolder(t));
  truncateSync(join(path, "phantom_1", "label", "c.0.0.0"), 10);
  rmSync(join(path, "phantom_2", "label", "c.0.0.0"));
  await using store = await openStore(path);
  const cut = await t.throwsAsync(store.readLabel("phantom_1"), { instanceOf: PatchstreamError });
  t.like(cut?.facts, { code: "STORE_DAMAGED", case: "phantom_1" });
  const missing = await t.throwsAsync(store.readLabel("phantom_2"), { instanceOf: PatchstreamError });
  t.like(missing?.facts, { code: "STORE_DAMAGED", case: "phantom_2" });
  t.regex(missing?.message ?? "", /is missing/);
});

test("another case's arrays put in a case's place are noticed", async (t) => {
  const path = await phantomStore(temporaryFolder(t), { ids: ["a", "b"], json: { numTraining: 2 } });
  await using store = await openStore(path);
  rmSync(join(path, "a", "locations"), { recursive: true });
  cpSync(join(path, "a", "label"), join(path, "a", "locations", "1"), { recursive: true });
  const error = await t.throwsAsync(store.readLocations("a", 1), { instanceOf: PatchstreamError });
  t.regex(error?.message ?? "", /zarr.json is not the one that was written/);
});

test("a folder that is no finished store says how to make one", async (t) => {
  const error = await t.throwsAsync(openStore(temporaryFolder(t)), { instanceOf: PatchstreamError });
  t.is(error?.code, "STORE_DAMAGED");
  t.regex(error?.message ?? "", /no finished store here. Make one with "patchstream ingest/);
});
