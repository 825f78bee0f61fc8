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
import { crc32c } from "../../loader/dataset/zarr/crc32c.js";
import { ingest, openStore, verifyStore } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import { temporaryFolder } from "./temporary-folder.js";
import { type RawToWrite, writeRawDataset } from "./write-raw-dataset.js";

async function phantomStore(folder: string, raw: RawToWrite = {}): Promise<string> {
  writeRawDataset(join(folder, "raw"), raw);
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 1 });
  return join(folder, "store");
}

test("CRC-32C gives RFC 3720's values, wherever the bytes begin", (t) => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  t.is(crc32c(ascending), 0x46dd794e);
  t.is(crc32c(ascending.toReversed()), 0x113fdb5c);
  for (let shift = 0; shift < 9; shift++) {
    const shifted = new Uint8Array(shift + 9 + 3);
    shifted.set(new TextEncoder().encode("123456789"), shift);
    t.is(crc32c(shifted.subarray(shift, shift + 9)), 0xe3069283);
  }
});

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
      t.deepEqual(
        labels,
        Int16Array.from(expected, (voxel) => (voxel === 0 ? 0 : voxel % 3)),
      );
      t.deepEqual(values, Float32Array.from([...expected, ...expected.map((voxel) => voxel + 1000)]));
    }),
    { numRuns: 60 },
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
  await verifyStore(store);
  const files = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((file) =>
    statSync(join(store, file)).isFile(),
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
        verifyStore(store),
        { instanceOf: PatchstreamError },
        `${file}, byte ${at}, bit ${bit}`,
      );
      t.is(error?.code, "STORE_DAMAGED");
      copyFileSync(saved, path);
    }),
    { numRuns: 150, examples: [...files, ...groups].map((file) => [file, 5, 3]) },
  );
  await verifyStore(store);
});

test("a damaged chunk is named, and other chunks of the case can still be read", async (t) => {
  const path = await phantomStore(temporaryFolder(t), { ids: ["a"], shape: [40, 20, 20] });
  const shard = join(path, "a", "image", "c.0.0.0.0");
  const bytes = readFileSync(shard);
  const secondChunk = 20 * 20 * 20 * 4 + 4;
  bytes.writeUInt8(bytes.readUInt8(secondChunk + 100) ^ 1, secondChunk + 100);
  writeFileSync(shard, bytes);
  await using store = await openStore(path);
  const error = await t.throwsAsync(store.readImage("a"), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "STORE_DAMAGED", case: "a", chunk: "image 0,1,0,0" });
  const whole = await store.readImage("a", { start: [0, 0, 0], end: [20, 20, 20] });
  t.is(whole[7999], 7999);
});

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
