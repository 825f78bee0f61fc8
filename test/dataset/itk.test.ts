import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import test, { type ExecutionContext } from "ava";
import { readImage } from "../../loader/dataset/raw/read-image.js";
import { ingest, openStore } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { MAIN } from "../cli/command.js";
import { temporaryFolder } from "./temporary-folder.js";
import { type ItkToWrite, writeItk } from "./write-itk.js";
import { writeDatasetJson, writeRawDataset } from "./write-raw-dataset.js";

const GOLDEN = fileURLToPath(new URL("../../../test/golden/simpleitk-2.5.7/", import.meta.url));

const shape = [5, 6, 7];
const values = Float32Array.from({ length: 210 }, (_, i) => i);
const labels = Uint8Array.from({ length: 210 }, (_, i) => i % 3);

/** A turn by 90 degrees about z and voxels of three sizes, in LPS; and the same in RAS, as an sform. */
const placed = {
  spacing: [0.5, 0.7, 2],
  origin: [10, -20, 30],
  direction: [0, 1, 0, -1, 0, 0, 0, 0, 1],
};
const sform = [
  [0, -Math.fround(0.7), 0, -10],
  [0.5, 0, 0, 20],
  [0, 0, 2, 30],
];

/** The raw data set that the tests start from: two phantoms, as `writeRawDataset` makes them but for their place. */
function niftiFolder(t: ExecutionContext): string {
  const raw = join(temporaryFolder(t), "raw");
  const place = { sform, spacingMm: [2, 0.7, 0.5] };
  writeRawDataset(raw, { image: place, label: place });
  return raw;
}

/** The same data set in files that end in `ending`. */
function itkFolder(t: ExecutionContext, ending: string, file: Partial<ItkToWrite> = {}): string {
  const raw = join(temporaryFolder(t), "raw");
  for (const id of ["phantom_1", "phantom_2"]) {
    writeItk(join(raw, `imagesTr/${id}_0000${ending}`), { shape, values, ...placed, ...file });
    writeItk(join(raw, `labelsTr/${id}${ending}`), { shape, values: labels, type: "uint8", ...placed, ...file });
  }
  writeDatasetJson(raw, {
    channel_names: { 0: "noNorm" },
    labels: { background: 0, first: 1, second: 2 },
    numTraining: 2,
    file_ending: ending,
  });
  return raw;
}

/** What a store holds of its cases: their digests, counts and geometry, but for the header that NIfTI files alone have. */
async function storedFrom(raw: string) {
  const folder = join(raw, "../store");
  const { digest } = await ingest(raw, folder, { workers: 0 });
  await using store = await openStore(folder);
  const { plan, cases } = store.dataset;
  return {
    digest,
    plan,
    cases: cases.map(({ geometry: { labelHeader: _, ...geometry }, ...entry }) => ({ ...entry, geometry })),
  };
}

/** What the NIfTI files are stored as, which the same voxels in other files must be too. */
let expected: Promise<Awaited<ReturnType<typeof storedFrom>>> | undefined;

function storedFromNifti(t: ExecutionContext) {
  expected ??= storedFrom(niftiFolder(t));
  return expected;
}

for (const ending of [".mha", ".nrrd"]) {
  for (const compressed of [false, true]) {
    test(`${compressed ? "compressed" : "plain"} ${ending} files give the same store as NIfTI files`, async (t) => {
      t.deepEqual(await storedFrom(itkFolder(t, ending, { compressed })), await storedFromNifti(t));
    });
  }

  test(`several values a voxel of a ${ending} file are its channels, and so is a fourth axis`, async (t) => {
    const folder = temporaryFolder(t);
    const both = Float32Array.from({ length: 420 }, (_, i) => i);
    const interleaved = Float32Array.from({ length: 420 }, (_, i) => (i % 2) * 210 + Math.floor(i / 2));
    writeItk(join(folder, `vector${ending}`), { shape, values: interleaved, components: 2 });
    const { header, voxels } = await readImage(join(folder, `vector${ending}`), "stop");
    t.deepEqual(header.shape, [2, 5, 6, 7]);
    t.deepEqual(voxels, both);
    if (ending === ".nrrd") return;
    writeItk(join(folder, `list${ending}`), { shape: [2, ...shape], values: both });
    const list = await readImage(join(folder, `list${ending}`), "stop");
    t.deepEqual(list.header.shape, [2, 5, 6, 7]);
    t.deepEqual(list.voxels, both);
  });
}

for (const ending of [".mha", ".nrrd"]) {
  test(`an oblique ${ending} file of SimpleITK's is what its NIfTI file is`, async (t) => {
    const { sha256: _, ...nifti } = await readImage(join(GOLDEN, "oblique.nii.gz"), "stop");
    const { sha256: __, ...itk } = await readImage(join(GOLDEN, `oblique${ending}`), "stop");
    // SimpleITK makes the NIfTI's affine by way of a quaternion in float32.
    for (const [i, value] of itk.header.affine.entries()) {
      t.true(Math.abs(value - (nifti.header.affine[i] ?? Number.NaN)) < 1e-7, `${i}: ${value}`);
    }
    t.deepEqual(itk.header.spacingMm, nifti.header.spacingMm);
    t.deepEqual(itk.header.shape, nifti.header.shape);
    t.deepEqual(itk.voxels, nifti.voxels);
  });
}

test("a header whose voxels lie in a file beside it is read, and the hash covers both", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "a.mha");
  writeItk(path, { shape, values });
  const whole = readFileSync(path);
  const at = whole.length - values.byteLength;
  const header = whole.subarray(0, at).toString("latin1").replace("LOCAL", "a.raw");
  writeFileSync(join(folder, "a.mhd"), header);
  writeFileSync(join(folder, "a.raw"), whole.subarray(at));
  const first = await readImage(join(folder, "a.mhd"), "stop");
  t.deepEqual(first.voxels, values);
  const raw = whole.subarray(at);
  raw.writeFloatLE(99, 0);
  writeFileSync(join(folder, "a.raw"), raw);
  t.not((await readImage(join(folder, "a.mhd"), "stop")).sha256, first.sha256);
  writeFileSync(join(folder, "a.mhd"), header.replace("a.raw", "../a.raw"));
  await t.throwsAsync(readImage(join(folder, "a.mhd"), "stop"), {
    message: /a.mhd: its voxels lie in "..\/a.raw"; it must be one file, or a header and one file beside it/,
  });
});

test("a 2-D .mha file is one slice, as a 2-D NIfTI file is", async (t) => {
  const folder = temporaryFolder(t);
  writeItk(join(folder, "a.mha"), { shape: [6, 7], values: values.subarray(0, 42), spacing: [0.5, 0.25] });
  const { header } = await readImage(join(folder, "a.mha"), "stop");
  t.deepEqual(header.shape, [1, 1, 6, 7]);
  t.deepEqual(header.spacingMm, [999, 0.25, 0.5]);
  t.deepEqual(header.affine, [-0.5, 0, 0, 0, 0, -0.25, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
});

test("NaN in a .mha file follows --nonfinite", async (t) => {
  const path = join(temporaryFolder(t), "a.mha");
  writeItk(path, { shape, values: values.slice().fill(Number.NaN, 3, 5) });
  await t.throwsAsync(readImage(path, "stop"), { message: /a.mha: it holds 2 voxels of NaN or infinity/ });
  t.is((await readImage(path, "zero")).zeroed, 2);
});

/** Ways to damage a file, and what is said of it. */
const damages: Record<string, [change: (bytes: Buffer) => Uint8Array, compressed: boolean, reason: RegExp]> = {
  empty: [() => Buffer.alloc(0), false, /it does not begin with an? (MetaImage|NRRD) header/],
  "other bytes": [(bytes) => bytes.fill(7), false, /it does not begin with an? (MetaImage|NRRD) header/],
  "cut short": [(bytes) => bytes.subarray(0, -100), false, /ITK cannot read it \(.+\)/],
  "compressed and cut short": [(bytes) => bytes.subarray(0, -30), true, /compressed stream is damaged/],
  "compressed, with a changed byte": [(bytes) => flipped(bytes), true, /compressed stream is damaged/],
  "of a size beyond its bytes": [
    (bytes) => Buffer.from(bytes.toString("latin1").replace("7 6 5", "7000 60000 5"), "latin1"),
    false,
    /its header promises 2100000000 voxels, which \d+ bytes cannot hold/,
  ],
};

function flipped(bytes: Buffer): Buffer {
  const at = bytes.length - 40;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  return bytes;
}

for (const [what, [change, compressed, reason]] of Object.entries(damages)) {
  for (const ending of [".mha", ".nrrd"]) {
    test(`a ${ending} file that is ${what} is refused by name`, async (t) => {
      const path = join(temporaryFolder(t), `a${ending}`);
      writeItk(path, { shape, values, ...placed, compressed });
      writeFileSync(path, change(readFileSync(path)));
      const error = await t.throwsAsync(readImage(path, "stop"), { instanceOf: PatchstreamError });
      t.is(error?.code, "INPUT_DAMAGED");
      t.true(error?.message.startsWith(`${path}: `), error?.message);
      t.regex(error?.message ?? "", reason);
      t.false(error?.message.includes("\n"), error?.message);
    });
  }
}

/** Runs `patchstream ingest` where @itk-wasm/image-io is not installed. */
async function ingestWithoutPackage(t: ExecutionContext, raw: string, ...options: string[]) {
  const hooks = join(temporaryFolder(t), "hooks.mjs");
  const missing = `export async function resolve(name, context, next) {
    if (!name.startsWith("@itk-wasm/")) return next(name, context);
    throw Object.assign(new Error("Cannot find package " + name), { code: "ERR_MODULE_NOT_FOUND" });
  }`;
  const source = `import { register } from "node:module";
    register("data:text/javascript,${encodeURIComponent(missing)}");`;
  writeFileSync(hooks, source);
  const env = { ...process.env, NODE_OPTIONS: `--import ${pathToFileURL(hooks).href}` };
  const child = spawn(process.execPath, [MAIN, "ingest", raw, join(raw, "../store"), "--workers", "1", ...options], {
    env,
  });
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, "exit"),
  ]);
  return { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), code };
}

test("without the package NIfTI is read, and .mha ends the ingest with the package's name", async (t) => {
  t.is((await ingestWithoutPackage(t, niftiFolder(t))).code, 0);
  const { code, stderr, stdout } = await ingestWithoutPackage(t, itkFolder(t, ".mha"), "--on-error", "skip");
  t.is(code, 1);
  t.is(stdout, "");
  t.regex(stderr.trimEnd(), /phantom_1_0000.mha cannot be read without it\. Run: npm install @itk-wasm\/image-io$/);
});

test("a damaged file is skipped by name, and what ITK prints of it stays off stdout, where --json's report goes", async (t) => {
  const raw = itkFolder(t, ".mha");
  const path = join(raw, "imagesTr/phantom_2_0000.mha");
  writeFileSync(path, readFileSync(path).subarray(0, -100));
  const options = ["--workers", "1", "--on-error", "skip", "--json"];
  const child = spawn(process.execPath, [MAIN, "ingest", raw, join(raw, "../store"), ...options]);
  const [stdout, [code]] = await Promise.all([child.stdout.toArray(), once(child, "exit")]);
  t.is(code, 0);
  t.like(JSON.parse(Buffer.concat(stdout).toString()), { cases: ["phantom_1"], skipped: [{ file: path }] });
});

test("images of one format and labels of another are read where dataset.json lists them", async (t) => {
  const raw = niftiFolder(t);
  const mixed = itkFolder(t, ".nrrd");
  mkdirSync(join(raw, "nrrd"));
  const dataset: Record<string, unknown> = {};
  for (const id of ["phantom_1", "phantom_2"]) {
    cpSync(join(mixed, `imagesTr/${id}_0000.nrrd`), join(raw, `nrrd/${id}.nrrd`));
    renameSync(join(raw, `imagesTr/${id}_0000.nii.gz`), join(raw, `${id}.unused`));
    dataset[id] = { images: [`nrrd/${id}.nrrd`], label: `labelsTr/${id}.nii.gz` };
  }
  const json = JSON.parse(readFileSync(join(raw, "dataset.json"), "utf8"));
  writeDatasetJson(raw, { ...json, dataset });
  t.is((await ingest(raw, join(raw, "../mixed"), { workers: 0 })).digest, (await storedFromNifti(t)).digest);
});

test("a list of training images may name .mha files", async (t) => {
  const raw = itkFolder(t, ".mha");
  writeDatasetJson(raw, {
    modality: { 0: "noNorm" },
    labels: { 0: "background", 1: "first", 2: "second" },
    training: ["phantom_1", "phantom_2"].map((id) => ({ image: `imagesTr/${id}.mha`, label: `labelsTr/${id}.mha` })),
  });
  t.is((await ingest(raw, join(raw, "../listed"), { workers: 0 })).digest, (await storedFromNifti(t)).digest);
});
