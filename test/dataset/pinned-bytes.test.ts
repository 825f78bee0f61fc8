import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { ingest, openStore, type Region, type Store } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { testRounds } from "../rounds.js";
import { fileScope } from "../trainer/file-scope.js";
import { SHAPE, writeDistinctCases } from "./distinct-cases.js";
import { sameBytes } from "./same-bytes.js";
import { temporaryFolder } from "./temporary-folder.js";
import { verifyFolder } from "./verify-folder.js";
import { writeNifti } from "./write-nifti.js";

const IDS = ["a", "b", "c"] as const;
type Id = (typeof IDS)[number];

const SHARDS = {
  image: "image/c.0.0.0.0",
  label: "label/c.0.0.0",
  reference: "reference/c.0.0.0",
  "locations/1": "locations/1/c.0.0",
  "locations/2": "locations/2/c.0.0",
} as const;
type ArrayName = keyof typeof SHARDS;
const ARRAYS = Object.keys(SHARDS) as ArrayName[];

const made = temporaryFolder(fileScope(test));

test.before("two stores of the same case ids and shapes, whose voxels differ", async () => {
  for (const [name, first] of [
    ["store", 0],
    ["older", 50],
  ] as const) {
    const raw = join(made, `raw-${name}`);
    writeDistinctCases(raw, Object.fromEntries(IDS.map((id, i) => [id, first + i])));
    await ingest(raw, join(made, name), { workers: 0, name: "distinct" });
  }
});

/** Copies of the two stores, to be damaged. */
function twoStores(t: ExecutionContext): { store: string; older: string } {
  const folder = temporaryFolder(t);
  const copied = (name: string) => {
    cpSync(join(made, name), join(folder, name), { recursive: true });
    return join(folder, name);
  };
  return { store: copied("store"), older: copied("older") };
}

type Values = Float32Array | Int16Array | Uint32Array;

/** Every way to read an array of a case: whole, and by region where there are regions. */
function readsOf(store: Store, id: Id, array: ArrayName, region: Region): (() => Promise<Values>)[] {
  switch (array) {
    case "image":
      return [() => store.readImage(id), () => store.readImage(id, region)];
    case "label":
      return [() => store.readLabel(id), () => store.readLabel(id, region)];
    case "reference":
      return [() => store.readReference(id)];
    case "locations/1":
    case "locations/2": {
      const value = Number(array.at(-1));
      const range = { start: region.start[2], end: region.end[2] };
      return [() => store.readLocations(id, value), () => store.readLocations(id, value, range)];
    }
  }
}

/** Something that happens to a file of one array; `other` is a shard of the same shape, or of any. */
const DAMAGES: Record<string, (file: string, other: string, where: number) => void> = {
  "a bit flips": (file, _, where) => flip(file, where),
  "another shard is in its place": (file, other) => copyFileSync(other, file),
  "the array's folder is another's": (file, other) => {
    rmSync(dirname(file), { recursive: true });
    cpSync(dirname(other), dirname(file), { recursive: true });
  },
  "bytes of another shard are in it": (file, other, where) => {
    const [bytes, others] = [readFileSync(file), readFileSync(other)];
    const start = where % Math.min(bytes.length, others.length);
    others.copy(bytes, start, start, start + 5000);
    writeFileSync(file, bytes);
  },
  "its chunks are another's under its own index": (file, other) => {
    const [bytes, others] = [readFileSync(file), readFileSync(other)];
    others.copy(bytes, 0, 0, Math.floor(bytes.length * 0.8));
    writeFileSync(file, bytes);
  },
  "it is cut short": (file, _, where) => truncateSync(file, where % statSync(file).size),
  "something is added": (file, _, where) => writeFileSync(file, Buffer.alloc(1 + (where % 100), 7), { flag: "a" }),
  "something is put before": (file, _, where) =>
    writeFileSync(file, Buffer.concat([Buffer.alloc(1 + (where % 100)), readFileSync(file)])),
  "it is gone": (file) => rmSync(file),
};

function flip(file: string, where: number): void {
  const bytes = readFileSync(file);
  const at = Math.floor(where / 8) % bytes.length;
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (where % 8)), at);
  writeFileSync(file, bytes);
}

const anyRegion = fc.tuple(...SHAPE.map((size) => fc.tuple(fc.nat(size - 1), fc.nat(size - 1)))).map((spans) => ({
  start: spans.map(([a, b]) => Math.min(a, b)),
  end: spans.map(([a, b]) => Math.max(a, b) + 1),
}));

test("whatever becomes of a shard, each read gives what was written or names case and array", async (t) => {
  const { store, older } = twoStores(t);
  const untouched = `${store}-untouched`;
  cpSync(store, untouched, { recursive: true });
  await using right = await openStore(untouched);
  await using openBefore = await openStore(store);
  for (const id of IDS) await openBefore.readImage(id); // its images' indexes are known from now on
  const outcomes = { right: 0, damaged: 0 };

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(DAMAGES)),
      fc.constantFrom(...IDS),
      fc.constantFrom(...ARRAYS),
      fc.record({ generation: fc.constantFrom(store, older), id: fc.constantFrom(...IDS), array: fc.boolean() }),
      fc.nat(),
      anyRegion,
      async (damage, id, array, from, where, span) => {
        const file = join(store, id, SHARDS[array]);
        const elsewhere = from.array ? array : ARRAYS[where % ARRAYS.length];
        const other = join(from.generation, from.id, SHARDS[elsewhere as ArrayName]);
        if (other === file) return;
        DAMAGES[damage]?.(file, other, where);
        const isSame = isUntouched(dirname(file), join(untouched, id, array));
        const region = span as unknown as Region;
        await using openAfter = await openStore(store);
        for (const opened of [openBefore, openAfter]) {
          const reads = readsOf(opened, id, array, region);
          const expected = readsOf(right, id, array, region);
          for (const [i, read] of reads.entries()) {
            try {
              t.true(sameBytes(await read(), await (expected[i] as () => Promise<Values>)()), damage);
              outcomes.right++;
            } catch (error) {
              t.like((error as PatchstreamError).facts, { code: "STORE_DAMAGED", case: id });
              t.true((error as { facts: { chunk: string } }).facts.chunk.startsWith(array), String(error));
              outcomes.damaged++;
            }
          }
        }
        if (isSame) await verifyFolder(store);
        else {
          const error = await t.throwsAsync(verifyFolder(store), { instanceOf: PatchstreamError }, damage);
          t.is(error?.code, "STORE_DAMAGED");
        }
        rmSync(dirname(file), { recursive: true });
        cpSync(join(untouched, id, array), dirname(file), { recursive: true });
      },
    ),
    { numRuns: testRounds(25) },
  );
  t.true(outcomes.damaged > outcomes.right, JSON.stringify(outcomes));
  await verifyFolder(store);
});

function isUntouched(folder: string, copy: string): boolean {
  const names = readdirSync(copy);
  return names.every(
    (name) => existsSync(join(folder, name)) && readFileSync(join(folder, name)).equals(readFileSync(join(copy, name))),
  );
}

for (const array of ARRAYS) {
  test(`${array}: the shards of two cases of one shape exchanged are noticed at both`, async (t) => {
    const { store } = twoStores(t);
    await using opened = await openStore(store);
    const [first, second] = [join(store, "a", SHARDS[array]), join(store, "b", SHARDS[array])];
    renameSync(first, `${first}.kept`);
    renameSync(second, first);
    renameSync(`${first}.kept`, second);
    for (const id of ["a", "b"] as const) {
      for (const read of readsOf(opened, id, array, { start: [0, 0, 0], end: [4, 4, 4] })) {
        const error = await t.throwsAsync(read, { instanceOf: PatchstreamError });
        t.like(error?.facts, { code: "STORE_DAMAGED", case: id, chunk: `${array} index` });
      }
    }
    await t.throwsAsync(verifyFolder(store), { message: /is not the one that was written for this array/ });
  });
}

test("chunks of another case under the right index are noticed one by one", async (t) => {
  const { store, older } = twoStores(t);
  await using opened = await openStore(store);
  const [file, other] = [join(store, "a", SHARDS.image), join(older, "a", SHARDS.image)];
  const bytes = readFileSync(file);
  const chunkBytes = 10 * 12 * 12 * 4 + 4;
  readFileSync(other).copy(bytes, chunkBytes, chunkBytes, 2 * chunkBytes);
  writeFileSync(file, bytes);
  const error = await t.throwsAsync(opened.readImage("a"), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "STORE_DAMAGED", case: "a", chunk: "image 0,0,0,1" });
  t.regex(error?.message ?? "", /it holds other values/);
  await t.notThrowsAsync(opened.readImage("a", { start: [0, 0, 0], end: [20, 36, 12] }));
});

test("a shard of which no chunk is stored is pinned to the byte, too", async (t) => {
  const folder = temporaryFolder(t);
  const [raw, store] = [join(folder, "raw"), join(folder, "store")];
  writeDistinctCases(raw, { a: 1, b: 2 });
  writeNifti(join(raw, "labelsTr/a.nii.gz"), { shape: SHAPE, values: new Uint8Array(20 * 36 * 36), datatype: "uint8" });
  await ingest(raw, store, { workers: 0, name: "distinct" });
  const file = join(store, "a", SHARDS.reference);
  writeFileSync(file, Buffer.concat([Buffer.alloc(8), readFileSync(file)]));
  const error = await t.throwsAsync(verifyFolder(store), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "STORE_DAMAGED", case: "a", chunk: "reference index" });
});

test("a store whose folder is away for a moment is read again as soon as it is back", async (t) => {
  const { store } = twoStores(t);
  await using opened = await openStore(store);
  renameSync(store, `${store}-away`);
  for (const array of ARRAYS) {
    for (const read of readsOf(opened, "a", array, { start: [0, 0, 0], end: [4, 4, 4] }))
      await t.throwsAsync(read, { instanceOf: PatchstreamError });
  }
  renameSync(`${store}-away`, store);
  for (const array of ARRAYS) {
    for (const read of readsOf(opened, "a", array, { start: [0, 0, 0], end: [4, 4, 4] })) await t.notThrowsAsync(read);
  }
});
