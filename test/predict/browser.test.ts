import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import test from "ava";
import * as ort from "onnxruntime-node";
import { type LabelBlobOptions, labelBlob, type OnnxModel, readOnnxModel } from "../../predict/browser/index.js";
import { exportOnnx, readModel } from "../../trainer/index.js";
import { type GoldenCase, goldenCases, goldenLabel, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

const [plain, , residual] = goldenCases as [GoldenCase, GoldenCase, GoldenCase];

/** The network of an ONNX file, run as a page runs it. */
async function network(onnx: Uint8Array, { channelNames }: OnnxModel): Promise<LabelBlobOptions["predict"]> {
  const session = await ort.InferenceSession.create(onnx);
  return async (window, batch, size) => {
    const image = new ort.Tensor("float32", window, [batch, channelNames.length, ...size]);
    return (await session.run({ image })).logits?.data as Float32Array;
  };
}

const quiet = { mirror: true, tell: () => undefined };
const never = () => Promise.reject(new Error("the network was asked"));

/** The files of an image as one of four dimensions: NIfTI-1, little-endian. */
function joined(files: readonly string[]): Buffer {
  const channels = files.map((file) => gunzipSync(readFileSync(file)));
  const [first] = channels as [Buffer];
  if (channels.length === 1) return first;
  const header = Buffer.from(first.subarray(0, 352));
  header.writeInt16LE(4, 40);
  header.writeInt16LE(channels.length, 48);
  return Buffer.concat([header, ...channels.map((channel) => channel.subarray(352))]);
}

for (const golden of goldenCases)
  test(`from the ONNX file alone a blob gets nnU-Net's label, as predict gives it: ${golden.name}`, async (t) => {
    const folder = temporaryFolder(t);
    const onnx = exportOnnx(await readModel(writeModel(join(folder, "run"), golden)));
    const model = readOnnxModel("model.onnx", onnx);
    const image = new Blob([gzipSync(joined(writeImages(folder, golden, "a")))]);
    const shares: number[] = [];
    const options = { predict: await network(onnx, model), mirror: true, tell: (share: number) => shares.push(share) };
    const { nifti, volumes, zeroed } = await labelBlob("a.nii.gz", image, model, options);

    const label = new Uint8Array(await nifti.arrayBuffer()).subarray(352);
    const want = goldenLabel(golden);
    const different = label.reduce((count, value, i) => count + (value === want[i] ? 0 : 1), 0);
    t.is(different, 0, `of ${want.length} voxels`);
    t.is(zeroed, 0);
    t.is(shares.at(-1), 1);
    for (const { name, voxels, sourceValue, millilitres } of volumes) {
      t.true(name.length > 0 && millilitres >= 0);
      if (model.labelSet.regions === undefined) t.is(voxels, want.filter((value) => value === sourceValue).length);
    }
  });

test("the volume of a region counts all its labels, and a label keeps the place of its image", async (t) => {
  const folder = temporaryFolder(t);
  const onnx = exportOnnx(await readModel(writeModel(join(folder, "run"), residual)));
  const model = readOnnxModel("model.onnx", onnx);
  const source = joined(writeImages(folder, residual, "a"));
  const options = { ...quiet, predict: await network(onnx, model) };
  const { nifti, volumes } = await labelBlob("a.nii", new Blob([source]), model, options);
  const bytes = Buffer.from(await nifti.arrayBuffer());
  for (const [start, end] of [
    [76, 92],
    [252, 328],
  ] as const)
    t.deepEqual(bytes.subarray(start, end), source.subarray(start, end));
  const { regions = [], sourceValues } = model.labelSet;
  t.is(volumes.length, regions.length);
  const voxelMl = [80, 84, 88].reduce((product, at) => product * source.readFloatLE(at), 1) / 1000;
  for (const [i, { values }] of regions.entries()) {
    const inFile = values.map((value) => sourceValues[value]);
    const count = bytes.subarray(352).filter((value) => inFile.includes(value)).length;
    t.is(volumes[i]?.voxels, count);
    t.true(Math.abs((volumes[i]?.millilitres ?? 0) - count * voxelMl) < 1e-6);
  }
});

test("a blob that is no image of the model has the line that predict has for it", async (t) => {
  const folder = temporaryFolder(t);
  const run = writeModel(join(folder, "run"), plain);
  const model = readOnnxModel("model.onnx", exportOnnx(await readModel(run)));
  const [file] = writeImages(folder, plain, "a") as [string];
  const [whole, inflated] = [readFileSync(file), gunzipSync(readFileSync(file))];
  const lineOf = async (bytes: Uint8Array<ArrayBuffer>) =>
    (await t.throwsAsync(labelBlob("a.nii.gz", new Blob([bytes]), model, { ...quiet, predict: never })))?.message;
  const html = Buffer.from("<!doctype html><title>not found</title>".padEnd(400));
  t.is(await lineOf(html), "a.nii.gz: it is a web page; it must be a NIfTI-1 or NIfTI-2 file");
  t.is(await lineOf(Buffer.alloc(0)), "a.nii.gz: it is empty; it must be a NIfTI-1 or NIfTI-2 file");
  t.is(await lineOf(gzipSync(whole)), "a.nii.gz: it is gzipped twice; it must be a NIfTI-1 or NIfTI-2 file");
  t.regex(
    (await lineOf(inflated.subarray(0, 3000))) ?? "",
    /^a.nii.gz: \d+ bytes of voxels are missing; it must be \d+ bytes long, as its header says$/,
  );
  t.regex(
    (await lineOf(whole.subarray(0, whole.length / 2))) ?? "",
    /^a.nii.gz: its compressed stream is damaged \(.*\); it must be whole$/,
  );
  const zeros = Buffer.concat([inflated.subarray(0, 352), Buffer.alloc(inflated.length - 352)]);
  t.regex((await lineOf(zeros)) ?? "", /^a.nii.gz: every voxel is 0; it must be an image with content$/);
  const spaced = Buffer.from(inflated);
  spaced.writeInt16LE(0, 252); // qform_code
  spaced.writeInt16LE(0, 254); // sform_code
  for (const axis of [0, 1, 2]) spaced.writeFloatLE(1e6, 80 + 4 * axis); // pixdim
  t.regex((await lineOf(spaced)) ?? "", /^a.nii.gz: its \S+ voxels of 1000000x1000000x1000000 mm are \S+ values at /);
  const other = joined(writeImages(folder, residual, "b"));
  t.is(await lineOf(Buffer.from(other)), "a.nii.gz: the case has 2 channels; it must be 1, as in the model");
});

test("a file that is no model of ours is refused, and says so", (t) => {
  const refused = (bytes: Uint8Array) => t.throws(() => readOnnxModel("m.onnx", bytes))?.message;
  const want = "it must be an ONNX file that patchstream export --to onnx wrote";
  t.is(refused(Buffer.from("<!doctype html>")), `m.onnx: it is no ONNX file; ${want}`);
  t.is(refused(new Uint8Array(0)), `m.onnx: it does not say how images are preprocessed; ${want}`);
});
