import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import { type IngestOptions, ingest, openStore } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { MAIN, patchstream, patchstreamHere } from "../cli/command.js";
import { temporaryFolder } from "./temporary-folder.js";
import { verifyFolder } from "./verify-folder.js";
import { writeNifti } from "./write-nifti.js";
import { type RawToWrite, writeDatasetJson, writeRawDataset } from "./write-raw-dataset.js";

interface Folders {
  readonly raw: string;
  readonly store: string;
}

function foldersWith(t: ExecutionContext, dataset: RawToWrite = {}): Folders {
  const folder = temporaryFolder(t);
  writeRawDataset(join(folder, "raw"), dataset);
  return { raw: join(folder, "raw"), store: join(folder, "store") };
}

function run({ raw, store }: Folders, options: IngestOptions = {}) {
  return ingest(raw, store, { workers: 0, ...options });
}

/** Bad data sets, each made from a good one, and what the complaint says. Paths in it are below the raw folder. */
const damages: Record<string, [damage: (raw: string) => void, reason: RegExp]> = {
  "a label of another size": [
    (raw) => writeNifti(join(raw, "labelsTr/phantom_2.nii.gz"), { shape: [5, 6, 8], datatype: "uint8" }),
    /labelsTr\/phantom_2.nii.gz: its size \(Z,Y,X\) is 5x6x8; it must be 5x6x7, as in .*imagesTr\/phantom_2_0000.nii.gz/,
  ],
  "a label of another spacing": [
    (raw) =>
      writeNifti(join(raw, "labelsTr/phantom_2.nii.gz"), {
        shape: [5, 6, 7],
        spacingMm: [1, 1, 1.1],
        values: new Uint8Array(210),
      }),
    /labelsTr\/phantom_2.nii.gz: its spacing \(Z,Y,X\) is 1x1x1.1\d* mm/,
  ],
  "a label that lies elsewhere": [
    (raw) =>
      writeNifti(join(raw, "labelsTr/phantom_2.nii.gz"), {
        shape: [5, 6, 7],
        values: new Uint8Array(210),
        sform: [
          [1, 0, 0, 3],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
        ],
      }),
    /labelsTr\/phantom_2.nii.gz: its affine places a voxel 3.0 voxels from where .* --geometry ignore/,
  ],
  "a label that dataset.json lacks": [
    (raw) =>
      writeNifti(join(raw, "labelsTr/phantom_2.nii.gz"), { shape: [5, 6, 7], values: new Uint8Array(210).fill(3) }),
    /labelsTr\/phantom_2.nii.gz: it holds the label 3; it must be one of 0, 1, 2, the labels of dataset.json/,
  ],
  "a label between two integers": [
    (raw) =>
      writeNifti(join(raw, "labelsTr/phantom_2.nii.gz"), {
        shape: [5, 6, 7],
        datatype: "float32",
        values: new Float32Array(210).fill(1.5),
      }),
    /labelsTr\/phantom_2.nii.gz: it holds the value 1.5, which is no label/,
  ],
  "a NaN in an image": [
    (raw) =>
      writeNifti(join(raw, "imagesTr/phantom_2_0000.nii.gz"), {
        shape: [5, 6, 7],
        datatype: "float32",
        values: new Float32Array(210).fill(Number.NaN, 9, 10),
      }),
    /imagesTr\/phantom_2_0000.nii.gz: it holds 1 voxel of NaN or infinity, the first is voxel 9; .* --nonfinite zero/,
  ],
  "an image of nothing but zeros": [
    (raw) => writeNifti(join(raw, "imagesTr/phantom_2_0000.nii.gz"), { shape: [5, 6, 7], values: new Uint8Array(210) }),
    /imagesTr\/phantom_2_0000.nii.gz: every voxel is 0/,
  ],
  "a truncated gzip stream": [
    (raw) => {
      const path = join(raw, "imagesTr/phantom_2_0000.nii.gz");
      truncateSync(path, statSync(path).size - 20);
    },
    /imagesTr\/phantom_2_0000.nii.gz: its compressed stream is damaged \(unexpected end of file\)/,
  ],
  "a missing image": [
    (raw) => rmSync(join(raw, "imagesTr/phantom_2_0000.nii.gz")),
    /imagesTr\/phantom_2_0000.nii.gz: there is no such file/,
  ],
  "a missing label": [
    (raw) => rmSync(join(raw, "labelsTr/phantom_2.nii.gz")),
    /labelsTr\/phantom_2.nii.gz: there is no such file/,
  ],
  "a channel too many in the file": [
    (raw) => writeNifti(join(raw, "imagesTr/phantom_2_0000.nii.gz"), { shape: [2, 5, 6, 7] }),
    /imagesTr\/phantom_2_0000.nii.gz: the case has 2 channels; it must be 1, as in dataset.json/,
  ],
};

for (const [what, [damage, reason]] of Object.entries(damages)) {
  test(`${what} ends the ingest naming the file, or leaves out its case where that is asked for`, async (t) => {
    const folders = foldersWith(t);
    damage(folders.raw);
    const error = await t.throwsAsync(run(folders), { instanceOf: PatchstreamError });
    t.is(error?.code, "INPUT_DAMAGED");
    t.regex(error?.message ?? "", reason);
    t.false(existsSync(join(folders.store, "phantom_2")));
    await t.throwsAsync(openStore(folders.store), { message: /no finished store/ });

    const report = await run(folders, { onError: "skip" });
    t.deepEqual(report.cases, ["phantom_1"]);
    t.is(report.skipped.length, 1);
    t.regex(`${report.skipped[0]?.file}: ${report.skipped[0]?.reason}`, /phantom_2/);
    t.deepEqual(entriesOf(folders.store), ["dataset_fingerprint.json", "phantom_1", "plans.json", "zarr.json"]);
  });
}

test("channels of different sizes are refused, naming the second", async (t) => {
  const folders = foldersWith(t, { channelNames: ["T1", "T2"] });
  writeNifti(join(folders.raw, "imagesTr/phantom_1_0001.nii.gz"), { shape: [5, 6, 6] });
  await t.throwsAsync(run(folders), {
    message: /phantom_1_0001.nii.gz: its size \(Z,Y,X\) is 5x6x6; it must be 5x6x7/,
  });
});

test("affines that differ by rounding are one grid", async (t) => {
  const sform = [
    [1, 0, 0, 0.0001],
    [0, 1.0001, 0, 0],
    [0, 0, 1, 0],
  ];
  const folders = foldersWith(t, { label: { sform, spacingMm: [1, 1.0001, 1] } });
  t.is((await run(folders)).cases.length, 2);
});

/** dataset.json fields that are refused, and what the complaint says. */
const refusals: Record<string, [json: Record<string, unknown>, reason: RegExp]> = {
  "regions without an order": [
    { labels: { background: 0, whole: [1, 2], core: 2 } },
    /dataset.json: regions_class_order is missing; it must be a list of 2 label values, one for each region, in their order/,
  ],
  "one name for two values": [
    { labels: { 0: "background", 1: "first", 2: "first" } },
    /dataset.json: labels .*without one name, "first", for 1 and 2/,
  ],
  "an order of regions that names another value": [
    { labels: { background: 0, whole: [1, 2], core: 2 }, regions_class_order: [1, 3] },
    /dataset.json: regions_class_order is 3; it must be one of 0, 1, 2, the values of labels/,
  ],
  "an ignore label that is not the largest": [
    { labels: { background: 0, first: 1, second: 3, ignore: 2 } },
    /dataset.json: labels.ignore is 2; it must be one value above all others, at least 4/,
  ],
  "an ignore label of several values": [
    { labels: { background: 0, first: 1, second: 2, ignore: [3, 4] } },
    /dataset.json: labels.ignore is \[3,4\]; it must be one value above all others, at least 3/,
  ],
  "another file type": [
    { file_ending: ".png" },
    /dataset.json: file_ending is ".png"; it must be ".nii.gz" or ".nii" or ".mha" .* Convert the files/,
  ],
  "no background": [{ labels: { first: 1, second: 2 } }, /dataset.json: labels .*complete with a background of 0/],
  "a case too few": [
    { numTraining: 3 },
    /numTraining is 3; it must be 2, the number of cases in imagesTr and labelsTr/,
  ],
  "a file outside of the data set": [
    { dataset: { a: { images: ["../../etc/passwd"], label: "labelsTr/phantom_1.nii.gz" } } },
    /..\/..\/etc\/passwd: dataset.json names it, and it lies outside of the data set; .* --files anywhere/,
  ],
  "a file below a name of the environment": [
    { dataset: { a: { images: ["$HOME/a_0000.nii.gz"], label: "labelsTr/phantom_1.nii.gz" } } },
    /\$HOME\/a_0000.nii.gz: dataset.json names it, and it lies outside of the data set/,
  ],
  "a case id that leaves the store": [
    { dataset: { "../a": { images: ["imagesTr/phantom_1_0000.nii.gz"], label: "labelsTr/phantom_1.nii.gz" } } },
    /case id is "..\/a"; it must be a file name of letters that can be seen/,
  ],
};

for (const [what, [json, reason]] of Object.entries(refusals)) {
  test(`${what} in dataset.json is refused by name, and nothing is written`, async (t) => {
    const folders = foldersWith(t, { json });
    const error = await t.throwsAsync(run(folders), { instanceOf: PatchstreamError });
    t.regex(error?.message ?? "", reason);
    t.false(existsSync(folders.store));
  });
}

test("the `dataset` key names the files, wherever below the folder they lie", async (t) => {
  const dataset = { renamed: { images: ["imagesTr/phantom_2_0000.nii.gz"], label: "./labelsTr/phantom_2.nii.gz" } };
  const folders = foldersWith(t, { json: { dataset } });
  t.deepEqual((await run(folders)).cases, ["renamed"]);
});

test("MSD's own layout gives the same store as nnU-Net's", async (t) => {
  const folder = temporaryFolder(t);
  const [nnunet, msd] = [join(folder, "nnunet"), join(folder, "msd")];
  const channelNames = ["noNorm", "CT"];
  writeRawDataset(nnunet, { ids: ["a"], channelNames });
  const values = Float32Array.from({ length: 420 }, (_, i) => (i % 210) + 1000 * Math.floor(i / 210));
  writeNifti(join(msd, "imagesTr/a.nii.gz"), { shape: [2, 5, 6, 7], datatype: "float32", values });
  mkdirSync(join(msd, "labelsTr"));
  renameSync(join(nnunet, "labelsTr/a.nii.gz"), join(msd, "labelsTr/a.nii.gz"));
  symlinkSync(join(msd, "labelsTr/a.nii.gz"), join(nnunet, "labelsTr/a.nii.gz"));
  writeDatasetJson(msd, {
    modality: { 0: "noNorm", 1: "CT" },
    labels: { 0: "background", 1: "first", 2: "second" },
    numTraining: 1,
    training: [{ image: "./imagesTr/a.nii.gz", label: "./labelsTr/a.nii.gz" }],
  });
  const [first, second] = [
    await ingest(nnunet, join(folder, "one"), { workers: 0, name: "same" }),
    await ingest(msd, join(folder, "two"), { workers: 0, name: "same" }),
  ];
  t.deepEqual(first, second);
});

test("a store's bytes do not depend on the number of workers", async (t) => {
  const folders = foldersWith(t, {
    ids: ["a", "b", "c", "d"],
    channelNames: ["CT"],
    image: { spacingMm: [2, 1, 1] },
    label: { spacingMm: [2, 1, 1] },
  });
  const reports = [];
  for (const workers of [0, 2]) reports.push(await ingest(folders.raw, `${folders.store}-${workers}`, { workers }));
  t.deepEqual(reports[0], reports[1]);
  const seals = [0, 2].map((workers) => readFileSync(join(`${folders.store}-${workers}`, "zarr.json"), "utf8"));
  t.is(new Set(seals).size, 1);
});

test("a finished case is kept while its files and settings stay, and made again when a file changes", async (t) => {
  const folders = foldersWith(t);
  const before = await run(folders);
  const madeAt = (folder: string) => statSync(join(folders.store, folder)).ino;
  const [first, second] = [madeAt("phantom_1"), madeAt("phantom_2")];
  t.deepEqual(await run(folders), before);
  t.deepEqual([madeAt("phantom_1"), madeAt("phantom_2")], [first, second]);

  changeLabel(folders.raw, "phantom_2", 1);
  const plans = join(folders.raw, "plans.json");
  copyFileSync(join(folders.store, "plans.json"), plans);
  const after = await run(folders, { plans, force: true });
  t.not(after.digest, before.digest);
  t.deepEqual(await foldersNow(folders.store), { phantom_1: "phantom_1", phantom_2: "phantom_2~2" });
  t.deepEqual([madeAt("phantom_1"), madeAt("phantom_2")], [first, second]);
  await verifyFolder(folders.store);
});

test("a damaged case of a store is mended by ingesting again, whichever of its files is damaged", async (t) => {
  const folders = foldersWith(t);
  const before = await run(folders);
  for (const [id, file] of [
    ["phantom_1", "image/c.0.0.0.0"],
    ["phantom_1", "label/zarr.json"],
    ["phantom_2", "zarr.json"],
    ["phantom_2", "reference/c.0.0.0"],
  ] as const) {
    flipBit(join(folders.store, (await foldersNow(folders.store))[id] as string, file), 30);
    await t.throwsAsync(verifyFolder(folders.store), { instanceOf: PatchstreamError }, file);
    t.deepEqual(await run(folders), before);
    await t.notThrowsAsync(verifyFolder(folders.store), file);
  }
});

test("a store whose record is damaged is made again with force, of the cases that are whole", async (t) => {
  const folders = foldersWith(t);
  const before = await run(folders);
  const madeAt = () => statSync(join(folders.store, "phantom_1")).ino;
  const first = madeAt();
  flipBit(join(folders.store, "zarr.json"), 30);
  const error = await t.throwsAsync(run(folders), { instanceOf: PatchstreamError });
  t.is(error?.code, "ALREADY_EXISTS");
  t.regex(error?.message ?? "", /It cannot be read \(its zarr.json .*--force/);
  t.deepEqual(await run(folders, { force: true }), before);
  await verifyFolder(folders.store);
  t.is(madeAt(), first);
});

test("a case that has left the data set leaves the store, and the user's own files stay", async (t) => {
  const folders = foldersWith(t);
  await run(folders);
  writeFileSync(join(folders.store, "notes.txt"), "mine");
  rmSync(join(folders.raw, "imagesTr/phantom_2_0000.nii.gz"));
  rmSync(join(folders.raw, "labelsTr/phantom_2.nii.gz"));
  writeRawDataset(folders.raw, { ids: ["phantom_1"] });
  t.deepEqual((await run(folders, { force: true })).cases, ["phantom_1"]);
  t.deepEqual(Object.keys(await foldersNow(folders.store)), ["phantom_1"]);
  t.true(entriesOf(folders.store).includes("phantom_2"), "the generation before still has it");
  await run(folders, { force: true, name: "other" });
  t.deepEqual(
    entriesOf(folders.store).filter((name) => !name.endsWith(".json")),
    ["notes.txt", "phantom_1"],
  );
});

/** Shifts the values of a case's label, so that its files are others. */
function changeLabel(raw: string, id: string, shift: number): void {
  const values = Uint8Array.from({ length: 210 }, (_, i) => (i + shift) % 3);
  writeNifti(join(raw, `labelsTr/${id}.nii.gz`), { shape: [5, 6, 7], values, datatype: "uint8" });
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(file, bytes);
}

/** Where the store's cases lie. */
async function foldersNow(folder: string): Promise<Record<string, string>> {
  await using store = await openStore(folder);
  return Object.fromEntries(store.location.record.cases.map((one) => [one.id, one.folder]));
}

test("a case whose spacing makes more voxels than a store holds is left out, before memory is taken for it", async (t) => {
  const folders = foldersWith(t, { ids: ["a", "b", "c"] });
  const file = { shape: [5, 6, 7], spacingMm: [1000, 1000, 1000] };
  const image = join(folders.raw, "imagesTr/b_0000.nii.gz");
  writeNifti(image, { ...file, datatype: "float32" });
  writeNifti(join(folders.raw, "labelsTr/b.nii.gz"), {
    ...file,
    datatype: "uint8",
    values: new Uint8Array(210).fill(1),
  });
  const { cases, skipped } = await run(folders, { onError: "skip" });
  t.deepEqual(cases, ["a", "c"]);
  t.like(skipped, { length: 1, 0: { file: image } });
  t.regex(
    skipped[0]?.reason ?? "",
    /^its 5x6x7 voxels of 1000x1000x1000 mm are 210000000000 values at the spacing of 1x1x1 mm$/,
  );
});

test("a given plans.json decides patch, batch, spacing, axis order and normalisation", async (t) => {
  const folders = foldersWith(t);
  await run(folders);
  const plans = JSON.parse(readFileSync(join(folders.store, "plans.json"), "utf8"));
  plans.transpose_forward = [2, 0, 1];
  Object.assign(plans.configurations["3d_fullres"], {
    batch_size: 5,
    patch_size: [8, 8, 8],
    spacing: [0.5, 1, 1],
    normalization_schemes: ["RescaleTo01Normalization"],
  });
  plans.configurations["3d_fullres"].architecture.arch_kwargs = {
    strides: [
      [1, 1, 1],
      [2, 2, 2],
    ],
    kernel_sizes: [
      [3, 3, 3],
      [3, 3, 3],
    ],
    features_per_stage: [8, 16],
  };
  const path = join(folders.raw, "plans.json");
  writeFileSync(path, JSON.stringify(plans));
  const report = await run(folders, { plans: path, force: true });
  t.like(report.plan, { patchSize: [8, 8, 8], batchSize: 5, pooling: [1, 1, 1] });
  await using store = await openStore(folders.store);
  const [stored] = store.dataset.cases;
  t.deepEqual(stored?.shape, [1, 14, 5, 6]);
  t.deepEqual(stored?.spacingMm, [0.5, 1, 1]);
  t.deepEqual(stored?.geometry.transpose, [2, 0, 1]);
  t.deepEqual(stored?.geometry.originalShape, [5, 6, 7]);
  const image = await store.readImage("phantom_1");
  t.is(Math.min(...image), 0);
  t.is(Math.max(...image), 1);

  plans.configurations["3d_fullres"].resampling_fn_data = "resample_torch_fornnunet";
  writeFileSync(path, JSON.stringify(plans));
  await t.throwsAsync(run(folders, { plans: path, force: true }), {
    message: /resampling_fn_data is "resample_torch_fornnunet"/,
  });
});

test("nothing of a header's text enters the store", async (t) => {
  const folders = foldersWith(t, { image: { description: "DOE^JANE" } });
  await run(folders);
  for (const file of readdirSync(folders.store, { recursive: true, encoding: "utf8" })) {
    const path = join(folders.store, file);
    if (statSync(path).isFile()) t.false(readFileSync(path, "latin1").includes("DOE"), file);
  }
});

test("an ingest killed in the middle leaves whole cases only, and the next one ends as if nothing had happened", async (t) => {
  const ids = Array.from({ length: 12 }, (_, i) => `phantom_${i + 10}`);
  const folders = foldersWith(t, { ids, shape: [24, 24, 24] });
  const undisturbed = await ingest(folders.raw, `${folders.store}-undisturbed`, { workers: 0 });
  const killed = spawn(process.execPath, [MAIN, "ingest", folders.raw, folders.store, "--workers", "2"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface(killed.stderr)) {
    if (line.startsWith("stored 3/")) killed.kill("SIGKILL");
  }
  if (killed.exitCode === null && killed.signalCode === null) await once(killed, "exit");
  t.is(killed.signalCode, "SIGKILL");
  await t.throwsAsync(openStore(folders.store), { message: /no finished store/ });
  mkdirSync(join(folders.store, ".unfinished-phantom_15", "image"), { recursive: true });

  const report = await run(folders);
  t.deepEqual({ ...report, name: "" }, { ...undisturbed, name: "" });
  await verifyFolder(folders.store);
  t.deepEqual(
    entriesOf(folders.store).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a store in the folder of its raw data, or around it, is refused, and nothing is written", async (t) => {
  const folders = foldersWith(t);
  const before = readdirSync(folders.raw, { recursive: true }).length;
  for (const store of [folders.raw, join(folders.raw, "store"), join(folders.raw, "..")])
    await t.throwsAsync(run({ ...folders, store }), { message: /the store's folder is .* apart from the raw data's/ });
  t.is(readdirSync(folders.raw, { recursive: true }).length, before);
});

test("a store that another process is writing is refused by name, and taken over once that one is dead", async (t) => {
  const folders = foldersWith(t);
  const lock = new URL("../../disk/process-lock.js", import.meta.url).href;
  const hold = `import { lockFolder } from ${JSON.stringify(lock)};
    lockFolder(${JSON.stringify(folders.store)}, { name: ".ingest-lock", doing: "is writing this store", hint: "" });
    console.log("locked");
    process.stdin.resume();`;
  const other = spawn(process.execPath, ["--input-type=module", "--eval", hold], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.teardown(() => other.kill("SIGKILL"));
  await once(createInterface(other.stdout), "line");
  const error = await t.throwsAsync(run(folders), { instanceOf: PatchstreamError });
  t.is(error?.code, "UNAVAILABLE");
  t.regex(error?.message ?? "", new RegExp(`process ${other.pid} on .* is writing this store`));
  other.kill("SIGKILL");
  await once(other, "exit");
  t.is((await run(folders)).cases.length, 2);
});

test("two ingests of one process into one store: the second is refused", async (t) => {
  const folders = foldersWith(t);
  const first = run(folders);
  await t.throwsAsync(run(folders), { message: /is writing this store/ });
  t.is((await first).cases.length, 2);
});

test("the command prints one JSON document, and one readable line for a failure", async (t) => {
  const folders = foldersWith(t);
  const named = ["--name", "phantoms", "--workers", "1", "--json"];
  const good = await patchstream("ingest", folders.raw, folders.store, ...named);
  t.is(good.code, 0);
  const report = JSON.parse(good.stdout);
  t.like(report, { name: "phantoms", cases: ["phantom_1", "phantom_2"], skipped: [] });

  const inspected = await patchstream("inspect", folders.store, "--verify", "--json");
  t.like(JSON.parse(inspected.stdout), { name: "phantoms", digest: report.digest, classes: [1, 2], verified: true });
  const one = await patchstreamHere("inspect", folders.store, "--case", "phantom_1", "--json");
  t.like(JSON.parse(one.stdout), { id: "phantom_1", shape: [1, 5, 6, 7] });

  appendFileSync(join(folders.raw, "dataset.json"), "}");
  const bad = await patchstreamHere("ingest", folders.raw, folders.store);
  t.is(bad.code, 1);
  t.is(bad.stdout, "");
  t.regex(bad.stderr, /^patchstream: .*dataset.json: it cannot be read as JSON .*\n$/);
  t.is((await patchstreamHere("ingest", folders.raw, folders.store, "--workers", "0")).code, 2);
});

/** What lies in a store beside the lock that was given back. */
function entriesOf(store: string): string[] {
  return readdirSync(store)
    .filter((name) => !/^\.ingest-lock\.\d+$/.test(name))
    .sort();
}
