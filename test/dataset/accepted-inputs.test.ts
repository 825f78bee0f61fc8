import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { type IngestOptions, ingest, openStore } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { temporaryFolder } from "./temporary-folder.js";
import { niftiBytes, writeNifti } from "./write-nifti.js";
import { type RawToWrite, writeDatasetJson, writeRawDataset } from "./write-raw-dataset.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

interface Folders {
  readonly raw: string;
  readonly store: string;
  /** The digest of the data set before anything was changed in it. */
  readonly digest: string;
}

/** A raw data set of two phantoms (5x6x7), and what it is when nothing is odd about it. */
async function foldersWith(t: ExecutionContext, dataset: RawToWrite = {}): Promise<Folders> {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  writeRawDataset(raw, dataset);
  const { digest } = await ingest(raw, join(folder, "plain"), { workers: 0 });
  return { raw, store: join(folder, "store"), digest };
}

function run({ raw, store }: Folders, options: IngestOptions = {}) {
  return ingest(raw, store, { workers: 0, ...options });
}

const image = (raw: string) => join(raw, "imagesTr/phantom_2_0000.nii.gz");
const label = (raw: string) => join(raw, "labelsTr/phantom_2.nii.gz");
const shape = [5, 6, 7];
const values = Float32Array.from({ length: 210 }, (_, i) => i);
const identity = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
];

/** Files that other readers take, each in place of phantom_2's image, and that make the same store as a plain one. */
const oddFiles: Record<string, (path: string) => void> = {
  "a qform of a higher code that lies elsewhere": (path) =>
    writeNifti(path, {
      shape,
      values,
      datatype: "float32",
      sform: identity,
      qform: { bcd: [0, 0, 0], offset: [10, 0, 0] },
      qformCode: 2,
    }),
  "a spacing of 0 beside an sform": (path) =>
    writeNifti(path, { shape, values, datatype: "float32", sform: identity, spacingMm: [0, 1, 1] }),
  "a spacing of NaN beside an sform": (path) =>
    writeNifti(path, { shape, values, datatype: "float32", sform: identity, spacingMm: [Number.NaN, 1, 1] }),
  "another integer type, in the other byte order": (path) =>
    writeNifti(path, { shape, values, datatype: "uint16", littleEndian: false, version: 2 }),
};

for (const [what, write] of Object.entries(oddFiles)) {
  test(`an image with ${what} gives the same store as a plain one`, async (t) => {
    const folders = await foldersWith(t);
    write(image(folders.raw));
    const report = await run(folders);
    t.is(report.digest, folders.digest);
    t.deepEqual(report.tolerated, []);
  });
}

test("bytes after the last voxel are passed over, and counted for each file", async (t) => {
  const folders = await foldersWith(t);
  const bytes = niftiBytes({ shape, values, datatype: "float32" });
  writeFileSync(image(folders.raw), gzipSync(Buffer.concat([bytes, Buffer.alloc(64)])));
  const report = await run(folders);
  t.is(report.digest, folders.digest);
  t.deepEqual(report.tolerated, [{ flaw: "bytes-behind", file: image(folders.raw), bytes: 64 }]);
});

test("voxels of NaN and infinity are stored as 0 with --nonfinite zero, and counted for each file", async (t) => {
  const folders = await foldersWith(t);
  const broken = values.slice();
  broken.fill(Number.NaN, 100, 103).fill(Number.POSITIVE_INFINITY, 103, 105);
  writeNifti(image(folders.raw), { shape, values: broken, datatype: "float32" });
  const report = await run(folders, { nonfinite: "zero" });
  t.deepEqual(report.tolerated, [{ flaw: "nonfinite", file: image(folders.raw), voxels: 5 }]);
  writeNifti(image(folders.raw), { shape, values: values.slice().fill(0, 100, 105), datatype: "float32" });
  t.is((await ingest(folders.raw, `${folders.store}-0`, { workers: 0 })).digest, report.digest);
});

for (const [what, placed] of Object.entries({
  "another origin": { sform: [[1, 0, 0, -124.5], ...identity.slice(1)] },
  "another direction": { sform: [[-1, 0, 0, 0], [0, -1, 0, 0], ...identity.slice(2)] },
  "no affine, where the image has one": {},
})) {
  test(`a label of ${what} is laid voxel on voxel with --geometry ignore, and named`, async (t) => {
    const folders = await foldersWith(t);
    writeNifti(image(folders.raw), {
      shape,
      values,
      datatype: "float32",
      sform: [[1, 0, 0, 90], ...identity.slice(1)],
    });
    const labels = Uint8Array.from({ length: 210 }, (_, i) => i % 3);
    writeNifti(label(folders.raw), { shape, values: labels, datatype: "uint8", ...placed });
    await t.throwsAsync(run(folders), { message: /phantom_2.nii.gz: its affine places a voxel .* --geometry ignore/ });
    const report = await run(folders, { geometry: "ignore" });
    t.is(report.digest, folders.digest);
    t.like(report.tolerated, { length: 1, 0: { flaw: "misplaced", file: label(folders.raw) } });
    await using store = await openStore(folders.store);
    t.deepEqual(store.dataset.cases[1]?.geometry.affine.slice(0, 4), [1, 0, 0, 90]);
  });
}

test("a label of another size or spacing stays refused with --geometry ignore", async (t) => {
  const folders = await foldersWith(t);
  writeNifti(label(folders.raw), { shape: [5, 6, 8], datatype: "uint8", values: new Uint8Array(240) });
  await t.throwsAsync(run(folders, { geometry: "ignore" }), { message: /its size \(Z,Y,X\) is 5x6x8/ });
  writeNifti(label(folders.raw), { shape, spacingMm: [2, 1, 1], datatype: "uint8", values: new Uint8Array(210) });
  await t.throwsAsync(run(folders, { geometry: "ignore" }), { message: /its spacing \(Z,Y,X\) is 2x1x1 mm/ });
});

test("the command says on stderr what it took all the same, and in --json's report", async (t) => {
  const folders = await foldersWith(t);
  writeNifti(image(folders.raw), { shape, values: values.slice().fill(Number.NaN, 0, 2), datatype: "float32" });
  const noise = Buffer.concat([gunzipSync(readFileSync(label(folders.raw))), Buffer.alloc(7)]);
  writeFileSync(label(folders.raw), gzipSync(noise));
  const options = ["--nonfinite", "zero", "--geometry", "ignore", "--workers", "1", "--json"];
  const child = spawn(process.execPath, [MAIN, "ingest", folders.raw, folders.store, ...options]);
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, "exit"),
  ]);
  t.is(code, 0);
  t.regex(Buffer.concat(stderr).toString(), /phantom_2_0000.nii.gz: 2 voxels of NaN or infinity were read as 0\n/);
  t.regex(Buffer.concat(stderr).toString(), /phantom_2.nii.gz: 7 bytes after the last voxel were passed over: .*\n/);
  t.like(JSON.parse(Buffer.concat(stdout).toString()).tolerated, {
    length: 2,
    0: { flaw: "nonfinite", voxels: 2 },
    1: { flaw: "bytes-behind", bytes: 7 },
  });
});

test("nnU-Net v1's form, one name for the files of all channels, gives the same store as v2's", async (t) => {
  const channelNames = ["T1", "T2"];
  const folders = await foldersWith(t, { channelNames });
  writeDatasetJson(folders.raw, {
    name: "old",
    tensorImageSize: "4D",
    modality: { 0: "T1", 1: "T2" },
    labels: { 0: "background", 1: "first", 2: "second" },
    numTraining: 2,
    training: ["phantom_1", "phantom_2"].map((id) => ({
      image: `./imagesTr/${id}.nii.gz`,
      label: `./labelsTr/${id}.nii.gz`,
    })),
    test: [],
  });
  const report = await run(folders);
  t.deepEqual(report.cases, ["phantom_1", "phantom_2"]);
  t.is(report.digest, folders.digest);
});

test("a label that is named like an image is refused by its name, with the right one", async (t) => {
  const folders = await foldersWith(t);
  renameSync(label(folders.raw), join(folders.raw, "labelsTr/phantom_2_0000.nii.gz"));
  await t.throwsAsync(run(folders), {
    message: /labelsTr\/phantom_2_0000.nii.gz: it is named like an image; it must be named phantom_2.nii.gz/,
  });
});

test("files that dataset.json names elsewhere are read with --files anywhere, $NAMES too", async (t) => {
  const folders = await foldersWith(t);
  const elsewhere = join(temporaryFolder(t), "elsewhere");
  mkdirSync(elsewhere);
  const entry = (id: string, folder: string) => {
    const file = `${id}_0000.nii.gz`;
    renameSync(join(folders.raw, "imagesTr", file), join(elsewhere, file));
    return { images: [join(folder, file)], label: `labelsTr/${id}.nii.gz` };
  };
  process.env.PATCHSTREAM_TEST_IMAGES = elsewhere;
  t.teardown(() => {
    delete process.env.PATCHSTREAM_TEST_IMAGES;
  });
  const json = JSON.parse(readFileSync(join(folders.raw, "dataset.json"), "utf8"));
  const dataset = {
    phantom_1: entry("phantom_1", elsewhere),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as nnU-Net writes it
    phantom_2: entry("phantom_2", "${PATCHSTREAM_TEST_IMAGES}"),
  };
  writeDatasetJson(folders.raw, { ...json, dataset });
  await t.throwsAsync(run(folders), { message: /phantom_1_0000.nii.gz: dataset.json names it, .* --files anywhere/ });
  t.is((await run(folders, { files: "anywhere" })).digest, folders.digest);
});

test("a given plans.json of another network is refused by the network's name, and nothing is written", async (t) => {
  const folders = await foldersWith(t);
  const plans = JSON.parse(readFileSync(join(folders.raw, "../plain/plans.json"), "utf8"));
  const { architecture } = plans.configurations["3d_fullres"];
  architecture.network_class_name = "dynamic_network_architectures.architectures.primus.Primus";
  const path = join(folders.raw, "plans.json");
  writeFileSync(path, JSON.stringify(plans));
  const error = await t.throwsAsync(run(folders, { plans: path }), { instanceOf: PatchstreamError });
  t.regex(error?.message ?? "", /network_class_name is "Primus"; it must be PlainConvUNet or ResidualEncoderUNet/);
  await t.throwsAsync(openStore(folders.store), { message: new RegExp(basename(folders.store)) });
});

test("2-D images become volumes of one slice, planned and resampled in their plane", async (t) => {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  writeRawDataset(raw, { ids: ["a", "b", "c"], shape: [64, 48] });
  for (const kind of ["imagesTr/a_0000", "labelsTr/a"]) {
    const type = kind.startsWith("images") ? ("float32" as const) : ("uint8" as const);
    const pixels = Uint8Array.from({ length: 3072 }, (_, i) => 1 + (i % 2));
    writeNifti(join(raw, `${kind}.nii.gz`), { shape: [64, 48], spacingMm: [0, 2, 2], datatype: type, values: pixels });
  }
  const { plan } = await ingest(raw, join(folder, "store"), { workers: 0 });
  t.is(plan.patchSize[0], 1);
  t.is(plan.pooling[0], 0);
  await using store = await openStore(join(folder, "store"));
  t.deepEqual(
    store.dataset.cases.map((one) => one.shape),
    [
      [1, 1, 128, 96],
      [1, 1, 64, 48],
      [1, 1, 64, 48],
    ],
  );
});
