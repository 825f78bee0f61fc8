import { join } from "node:path";
import test from "ava";
import { labelHeaderOf } from "../../loader/dataset/nifti/grid-header.js";
import { parseHeader } from "../../loader/dataset/nifti/header.js";
import { readImage } from "../../loader/dataset/raw/read-image.js";
import { ingest, openStore } from "../../loader/index.js";
import { temporaryFolder } from "./temporary-folder.js";
import { writeRawDataset } from "./write-raw-dataset.js";

const placed = {
  spacingMm: [2.5, 0.7, 0.6],
  sform: [
    [-0.6, 0.01, 0, -80.25],
    [0, 0.7, -0.1, 12.5],
    [0.02, 0, 2.5, 7.75],
  ],
};

test("a stored case says how the file of its label begins; where no header is kept, its geometry says the same place", async (t) => {
  const folder = temporaryFolder(t);
  writeRawDataset(join(folder, "raw"), { image: { ...placed, description: "a name" }, label: placed });
  await ingest(join(folder, "raw"), join(folder, "store"), { workers: 0 });
  await using store = await openStore(join(folder, "store"));
  const { header } = await readImage(join(folder, "raw", "imagesTr", "phantom_1_0000.nii.gz"), "stop");
  const kept = store.dataset.cases[0]?.geometry;
  if (kept?.labelHeader === undefined) return t.fail("no header is kept");
  const { labelHeader: _, ...geometry } = kept;
  for (const bytes of [labelHeaderOf(kept), labelHeaderOf(geometry)]) {
    const { affine, spacingMm, shape } = header;
    t.like(parseHeader(bytes), { affine, spacingMm, shape, datatype: 2, voxelOffset: 352 });
    t.false(Buffer.from(bytes).includes("a name"));
  }
  const wide = { ...geometry, originalShape: [1, 2, 40_000] as const };
  t.deepEqual(parseHeader(labelHeaderOf(wide)).shape, [1, 1, 2, 40_000]);
});
