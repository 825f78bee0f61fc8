import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { ingest } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { temporaryFolder } from "./temporary-folder.js";
import { niftiBytes, writeNifti } from "./write-nifti.js";
import { type RawToWrite, writeDatasetJson, writeRawDataset } from "./write-raw-dataset.js";

// Inputs that users of nnU-Net, nibabel and SimpleITK have reported.

interface Folders {
  readonly raw: string;
  readonly image: string;
}

function foldersWith(t: ExecutionContext, dataset: RawToWrite = {}): Folders {
  const raw = join(temporaryFolder(t), "raw");
  writeRawDataset(raw, dataset);
  return { raw, image: join(raw, "imagesTr/phantom_2_0000.nii.gz") };
}

async function digestOf(raw: string, store: string): Promise<string> {
  return (await ingest(raw, join(raw, "..", store), { workers: 0 })).digest;
}

const shape = [5, 6, 7];
const values = Float32Array.from({ length: 210 }, (_, i) => i);

/** Changes that leave a data set what it is. */
const same: Record<string, (folders: Folders) => void> = {
  "a byte order mark before dataset.json": ({ raw }) => {
    const file = join(raw, "dataset.json");
    writeFileSync(file, `\uFEFF${readFileSync(file, "utf8")}`);
  },
  "channels numbered 0000": ({ raw }) => {
    const { channel_names: _, ...json } = JSON.parse(readFileSync(join(raw, "dataset.json"), "utf8"));
    writeDatasetJson(raw, { ...json, modality: { "0000": "noNorm" } });
  },
  "seven dimensions, the last four of them 1": ({ image }) =>
    writeNifti(image, { shape: [1, 1, 1, 1, ...shape], values, datatype: "float32" }),
  "a gzip stream of several members": ({ image }) => {
    const bytes = gunzipSync(readFileSync(image));
    writeFileSync(image, Buffer.concat([gzipSync(bytes.subarray(0, 300)), gzipSync(bytes.subarray(300))]));
  },
  "no compression under .nii.gz": ({ image }) => writeFileSync(image, gunzipSync(readFileSync(image))),
};

for (const [what, change] of Object.entries(same)) {
  test(`a data set with ${what} gives the same store as a plain one`, async (t) => {
    const folders = foldersWith(t);
    const digest = await digestOf(folders.raw, "plain");
    change(folders);
    t.is(await digestOf(folders.raw, "store"), digest);
  });
}

/** Files in an image's place, and what is said of them. */
const refused: Record<string, [write: (path: string) => void, reason: RegExp]> = {
  "a pipe": [(path) => execFileSync("mkfifo", [path]), /it is a pipe or a device; it must be a file/],
  "a folder": [(path) => mkdirSync(path), /it is a folder; it must be a file/],
  "an empty file": [(path) => writeFileSync(path, ""), /it is empty/],
  "a gzip stream of nothing": [(path) => writeFileSync(path, gzipSync("")), /it is empty/],
  "a file gzipped twice": [
    (path) => writeFileSync(path, gzipSync(gzipSync(niftiBytes({ shape, values })))),
    /it is gzipped twice/,
  ],
  "a Git LFS pointer": [
    (path) => writeFileSync(path, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"),
    /it is a Git LFS pointer/,
  ],
  "a web page": [(path) => writeFileSync(path, "<!DOCTYPE html><html>404</html>"), /it is a web page/],
  "an sform of zeros": [
    (path) => writeNifti(path, { shape, values, datatype: "float32", sform: Array(3).fill([0, 0, 0, 0]) }),
    /its sform lays different voxels on one place/,
  ],
  "RGB voxels": [
    (path) => {
      const bytes = niftiBytes({ shape, values });
      bytes.writeInt16LE(128, 70);
      writeFileSync(path, gzipSync(bytes));
    },
    /its voxels have NIfTI datatype 128 \(RGB\); it must be an integer or real type/,
  ],
};

for (const [what, [write, reason]] of Object.entries(refused)) {
  test(`${what} in an image's place is refused by name, or skipped`, async (t) => {
    const { raw, image } = foldersWith(t);
    rmSync(image);
    write(image);
    const error = await t.throwsAsync(digestOf(raw, "store"), { instanceOf: PatchstreamError });
    t.true(error?.message.startsWith(`${image}: `), error?.message);
    t.regex(error?.message ?? "", reason);
    t.false(error?.message.includes("\n"));
    const { skipped } = await ingest(raw, join(raw, "../store"), { workers: 0, onError: "skip" });
    t.deepEqual(
      skipped.map(({ file }) => file),
      [image],
    );
  });
}
