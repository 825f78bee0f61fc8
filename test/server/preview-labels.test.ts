import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { connect } from "../../client/connect.js";
import type { Batch } from "../../client/types.js";
import { ingest } from "../../loader/index.js";
import { distinctColours } from "../../loader/preview/colours.js";
import { drawText } from "../../loader/preview/font.js";
import { serve } from "../../loader/server/serve.js";
import type { DataSpecInput } from "../../plan/index.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { writeNifti } from "../dataset/write-nifti.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";

type Colour = readonly [red: number, green: number, blue: number];
type Size = readonly [z: number, y: number, x: number];

const CHANNELS = 2;
const shape: Size = [12, 10, 8];
const VOXELS = 960;
const size: Size = [8, 6, 4];
const SAMPLES = 3;

/** Numbers without a pattern, 0 to 1. */
const scattered = (seed: number) => (Math.sin(seed * 12.9898) * 43758.5453) % 1;

const spec: DataSpecInput = {
  dataset: "raw",
  split: { train: ["phantom_1"], val: ["phantom_2"] },
  plan: { patchSize: size, batchSize: SAMPLES, pooling: [1, 1, 1] },
  epochs: 1,
  stepsPerEpoch: 4,
  augmentation: "none",
  wire: { image: "f32", label: "i16", layout: "channels-first" },
};

/** The address of a server of two channels that differ; labels in blocks, with two regions and an ignore label. */
async function serveBlocks(t: ExecutionContext): Promise<string> {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  const values = Float32Array.from({ length: VOXELS }, (_, i) => {
    const [z, y, x] = [Math.floor(i / 80), Math.floor(i / 8) % 10, i % 8];
    return [0, 2, 7, 9][Math.floor(Math.abs(scattered(1 + (z >> 1) + 7 * (y >> 1) + 31 * (x >> 1))) * 4)] as number;
  });
  writeRawDataset(raw, {
    channelNames: Array<string>(CHANNELS).fill("noNorm"),
    shape,
    label: { shape, values, datatype: "uint8" },
    json: { labels: { background: 0, whole: [2, 7], core: 7, ignore: 9 }, regions_class_order: [2, 7] },
  });
  for (const id of ["phantom_1", "phantom_2"])
    for (let channel = 0; channel < CHANNELS; channel++) {
      const voxels = Float32Array.from({ length: VOXELS }, (_, i) => 1 + scattered(i + 1000 * channel));
      writeNifti(join(raw, "imagesTr", `${id}_000${channel}.nii.gz`), { shape, values: voxels, datatype: "float32" });
    }
  const store = join(folder, "store");
  await ingest(raw, store, { workers: 1 });
  const server = await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 });
  t.teardown(() => server.drain());
  return server.address;
}

/** Which voxel (Z,Y,X) a plane's row and column show, and how many of each there are. */
const planes: readonly { rows: number; columns: number; voxel: (row: number, column: number) => Size }[] = [
  { rows: size[1], columns: size[2], voxel: (row, column) => [size[0] / 2, row, column] },
  { rows: size[0], columns: size[2], voxel: (row, column) => [row, size[1] / 2, column] },
  { rows: size[0], columns: size[1], voxel: (row, column) => [row, column, size[2] / 2] },
];

/** Pixels of one plane of one sample as they must be, row by row: written to be believed. */
function expectedPlane(batch: Batch, sample: number, channel: number, plane: number, zoom: number): Colour[][] {
  const at = ([z, y, x]: Size) => (z * size[1] + y) * size[2] + x;
  const voxels = size[0] * size[1] * size[2];
  const image = (voxel: Size) => batch.image.data[(sample * CHANNELS + channel) * voxels + at(voxel)] as number;
  const label = (voxel: Size) => batch.label.data[sample * voxels + at(voxel)] as number;
  const seen = planes.flatMap(({ rows, columns, voxel }) =>
    Array.from({ length: rows * columns }, (_, i) => image(voxel(Math.floor(i / columns), i % columns))),
  );
  const sorted = seen.sort((a, b) => a - b);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) * 0.005)] as number,
    sorted[Math.ceil((sorted.length - 1) * 0.995)] as number,
  ];
  const grey = (voxel: Size) => Math.min(255, Math.max(0, ((image(voxel) - low) / (high - low)) * 255));
  const [first, second] = distinctColours(2) as [Colour, Colour];
  const colourOf = (voxel: Size) => [undefined, first, second, undefined][label(voxel)];
  const { rows, columns, voxel } = planes[plane] as (typeof planes)[number];
  return Array.from({ length: rows * zoom }, (_, y) =>
    Array.from({ length: columns * zoom }, (_, x): Colour => {
      const here = voxel(Math.floor(y / zoom), Math.floor(x / zoom));
      const colour = colourOf(here);
      const shade = grey(here);
      if (colour === undefined) return [Math.trunc(shade), Math.trunc(shade), Math.trunc(shade)];
      const isOutline = [
        [y - 1, x],
        [y + 1, x],
        [y, x - 1],
        [y, x + 1],
      ].some(([row = 0, column = 0]) => {
        if (row < 0 || column < 0 || row >= rows * zoom || column >= columns * zoom) return false;
        return label(voxel(Math.floor(row / zoom), Math.floor(column / zoom))) !== label(here);
      });
      if (isOutline) return colour;
      return colour.map((part) => Math.trunc(0.75 * shade + 0.25 * part)) as unknown as Colour;
    }),
  );
}

/**
 * The whole picture: two lines of header of 18 pixels; two tiles a row, each with its planes centred on the highest, 4 pixels
 * between them, and three lines of caption; two colours with their names; an empty line.
 */
function expectedPicture(batch: Batch, channel: number): { width: number; height: number; rgb: Uint8Array } {
  const [width, height, zoom] = [1172, 888, 40];
  const rgb = new Uint8Array(width * height * 3).fill(24);
  const paint = (x: number, y: number, colour: Colour) => rgb.set(colour, 3 * (y * width + x));
  const write = (text: string, left: number, top: number) =>
    drawText(text, (x, y) => paint(left + x, top + y, [230, 230, 230]));
  write(
    `train step 2, stage 0, patch 8x6x4 voxels (Z,Y,X), channel ${channel} noNorm, samples 0 to 2 of 3, page`,
    12,
    12,
  );
  write("1 of 1: axial, coronal, sagittal", 12, 30);
  for (const [sample, { case: id, kind, class: of, start }] of batch.samples.entries()) {
    const [left, top] = [12 + (sample % 2) * 580, 60 + Math.floor(sample / 2) * 390];
    for (const [plane, offset] of [0, 164, 328].entries()) {
      const pixels = expectedPlane(batch, sample, channel, plane, zoom);
      const down = top + (320 - pixels.length) / 2;
      for (const [y, row] of pixels.entries())
        for (const [x, colour] of row.entries()) paint(left + offset + x, down + y, colour);
    }
    write(`${sample} ${id}`, left, top + 324);
    // Beside an ignore label every other box lies around a voxel with a label; the wire says only that no class was drawn.
    write(kind === "random" ? "annotated" : `for class ${of} ${of === 1 ? "whole" : "core"}`, left, top + 342);
    write(`start ${start}`, left, top + 360);
  }
  for (const [index, [name, colour]] of [
    ["1 label 2", distinctColours(2)[0] as Colour] as const,
    ["2 core", distinctColours(2)[1] as Colour] as const,
  ].entries()) {
    const left = 12 + 164 * index;
    for (let y = 0; y < 14; y++) for (let x = 0; x < 24; x++) paint(left + x, 840 + y, colour);
    write(name, left + 36, 840);
  }
  return { width, height, rgb };
}

test("each channel's picture is that of a slow rendering; regions have their values' colours, ignored voxels none", async (t) => {
  await using client = connect(await serveBlocks(t));
  const batch = await client.getBatch(spec, { step: 2 });
  t.deepEqual([...new Set(batch.label.data)].sort(), [0, 1, 2, 3]);
  t.deepEqual([...new Set(batch.samples.map(({ kind }) => kind))].sort(), ["foreground", "random"]);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const { png } = await client.preview(spec, { step: 2, channel });
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    const { width, height, rgb } = expectedPicture(batch, channel);
    t.like(info, { width, height, channels: 3 });
    const different = data.findIndex((value, at) => value !== rgb[at]);
    t.is(
      different,
      -1,
      `channel ${channel}, x ${Math.floor(different / 3) % width}, y ${Math.floor(different / 3 / width)}`,
    );
  }
});
