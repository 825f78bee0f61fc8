import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readImage } from "../../loader/dataset/raw/read-image.js";
import { labelEnding } from "../../loader/index.js";
import { writeLabel } from "../../predict/write-label.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { writeItk } from "../dataset/write-itk.js";
import { type NiftiToWrite, writeNifti } from "../dataset/write-nifti.js";

const shape = [3, 4, 5];
const label = Uint8Array.from({ length: 60 }, (_, voxel) => voxel % 7);
const placed: NiftiToWrite = {
  shape,
  spacingMm: [2.5, 0.7, 0.6],
  qform: { bcd: [0.1, -0.2, 0.3], offset: [-80.5, 12.25, 7], sign: -1 },
  sform: [
    [-0.6, 0.01, 0, -80.25],
    [0, 0.7, -0.1, 12.5],
    [0.02, 0, 2.5, 7.75],
  ],
  sformCode: 3,
  qformCode: 2,
};

for (const version of [1, 2] as const)
  for (const littleEndian of [true, false])
    test(`a label lies where its image lies: NIfTI-${version}, ${littleEndian ? "little" : "big"}-endian`, async (t) => {
      const folder = temporaryFolder(t);
      const image = join(folder, "image.nii");
      writeNifti(image, { ...placed, version, littleEndian, datatype: "float32", description: "a name" });
      const file = join(folder, "label.nii");
      await writeLabel(file, image, label);
      const [written, source] = [await readImage(file, "stop"), await readImage(image, "stop")];
      t.deepEqual(new Uint8Array(written.voxels), label);
      const { affine, spacingMm, shape: size } = source.header;
      t.like(written.header, { affine, spacingMm, shape: size, datatype: 2, littleEndian });
      const [bytes, from] = [readFileSync(file), readFileSync(image)];
      const [start, end] = version === 1 ? [252, 328] : [344, 496];
      t.deepEqual(bytes.subarray(start, end), from.subarray(start, end), "qform and sform, bit by bit");
      t.false(bytes.includes("a name"));
    });

test("a label is of one byte below 255 and of two from there on, in the image's byte order", async (t) => {
  const folder = temporaryFolder(t);
  const image = join(folder, "image.nii");
  writeNifti(image, { ...placed, littleEndian: false });
  const values = Uint16Array.from(label, (value) => value * 100);
  for (const [largest, datatype] of [
    [254, 2],
    [255, 512],
    [600, 512],
  ] as const) {
    const limited = values.map((value) => Math.min(value, largest));
    limited[3] = largest;
    await writeLabel(join(folder, "label.nii"), image, limited);
    const { header, voxels } = await readImage(join(folder, "label.nii"), "stop");
    t.is(header.datatype, datatype);
    t.deepEqual(Uint16Array.from(voxels), limited);
  }
});

test("of a 4-D image the label is 3-D", async (t) => {
  const folder = temporaryFolder(t);
  writeNifti(join(folder, "image.nii.gz"), { ...placed, shape: [2, ...shape] });
  await writeLabel(join(folder, "label.nii.gz"), join(folder, "image.nii.gz"), label);
  const bytes = await readImage(join(folder, "label.nii.gz"), "stop");
  t.deepEqual(bytes.header.shape, [1, 3, 4, 5]);
});

for (const ending of [".mha", ".nrrd"])
  for (const components of [undefined, 2])
    test(`a label lies where its image lies: ${ending}, ${components ?? 1} a voxel`, async (t) => {
      const folder = temporaryFolder(t);
      const image = join(folder, `image${ending}`);
      const direction = [0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1];
      const place = { spacing: [0.6, 0.7, 2.5], origin: [80.123456789, -12.5, 7.75], direction };
      const values = new Float32Array(60 * (components ?? 1));
      writeItk(image, { shape, values, ...place, ...(components && { components }) });
      const file = join(folder, `label${labelEnding(image)}`);
      await writeLabel(file, image, label);
      const [written, source] = [await readImage(file, "stop"), await readImage(image, "stop")];
      t.deepEqual(new Uint8Array(written.voxels), label);
      const { affine, spacingMm } = source.header;
      t.like(written.header, { affine, spacingMm, shape: [1, 3, 4, 5], datatype: 2 });
    });

test("a label's file ends as its image's, in one file", (t) => {
  const endings = ["a.nii.gz", "a.NII", "a.mha", "a.mhd", "a.nrrd", "a.nhdr"].map(labelEnding);
  t.deepEqual(endings, [".nii.gz", ".nii", ".mha", ".mha", ".nrrd", ".nrrd"]);
});
