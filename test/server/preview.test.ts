import test from "ava";
import sharp from "sharp";
import { colourDistance, distinctColours } from "../../loader/preview/colours.js";
import { previewFromStore } from "../../loader/preview/preview-from-store.js";
import { middleSlices } from "../../loader/preview/slices.js";
import type { Messages } from "../../proto/messages.js";
import { callUnary } from "../../rpc/client/call.js";
import { dial, oneServer, sampleStore } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { getBatch, specBytes, UNCHECKED } from "../conformance/wire.js";

const server = oneServer(test);
const spec = { ...SMALL_RUN, wire: { image: "f32", label: "i16", layout: "channels-first" } };
/** Stage 2: three samples of 40x56x40 voxels. */
const address = { spec: specBytes(spec), timeline: "TIMELINE_TRAIN", step: 17 } as const;
const many = { ...SMALL_RUN, stages: [{ patchSize: [8, 8, 8], batchSize: 150, epochs: 6 }] };

test("each plane shows the voxels of the batch: grey, a class's colour, and its outline", async (t) => {
  t.timeout(60_000);
  const channel = dial(t, await server());
  const { png, pages } = await callUnary(channel, "DataService", "preview", address);
  t.is(pages, 1);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const { begin, bytes } = await getBatch(channel, { ...address, specSha256: UNCHECKED });
  const [image, label] = begin.tensors;
  if (image === undefined || label === undefined) return t.fail("a batch has an image and a label");
  const [samples, z, y, x] = label.shape as [number, number, number, number];
  const start = bytes.byteOffset + image.byteLength;
  const labels = new Int16Array(bytes.buffer.slice(start, start + label.byteLength));
  const images = new Float32Array(bytes.buffer.slice(bytes.byteOffset, start));

  // Layout: three lines of header of 18 pixels on top; a tile below the other, with three lines of caption; planes of (Y,X), (Z,X), (Z,Y) with 4 pixels between them, each centred on the highest.
  const zoom = 5;
  const [colour1, colour2] = distinctColours(2);
  const colours = [undefined, colour1, colour2];
  let checked = 0;
  for (let sample = 0; sample < samples; sample++) {
    const left = 12;
    const top = 24 + 3 * 18 + sample * (zoom * y + 4 + 3 * 18 + 12);
    const planes = [
      { at: 0, height: y, width: x, voxel: (row: number, column: number) => ((z >> 1) * y + row) * x + column },
      {
        at: zoom * x + 4,
        height: z,
        width: x,
        voxel: (row: number, column: number) => (row * y + (y >> 1)) * x + column,
      },
      {
        at: 2 * zoom * x + 8,
        height: z,
        width: y,
        voxel: (row: number, column: number) => (row * y + column) * x + (x >> 1),
      },
    ];
    const greys: [value: number, grey: number][] = [];
    for (const { at, height, width, voxel } of planes) {
      const planeTop = top + Math.floor((zoom * (Math.max(z, y) - height)) / 2);
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          const index = sample * z * y * x + voxel(row, column);
          // The middle of a voxel's square is never its outline.
          const pixel = 3 * ((planeTop + row * zoom + 1) * info.width + left + at + column * zoom + 1);
          const [red, green, blue] = data.subarray(pixel, pixel + 3) as unknown as [number, number, number];
          const colour = colours[labels[index] as number];
          if (colour === undefined) {
            if (red !== green || green !== blue) return t.fail(`sample ${sample}: a voxel without a class is coloured`);
            greys.push([images[index] as number, red]);
          } else {
            const tint = [red - green, green - blue];
            const want = [(colour[0] - colour[1]) / 4, (colour[1] - colour[2]) / 4];
            if (
              Math.abs((tint[0] as number) - (want[0] as number)) > 2 ||
              Math.abs((tint[1] as number) - (want[1] as number)) > 2
            )
              return t.fail(`sample ${sample}: class ${labels[index]} has the tint ${tint}, not ${want}`);
          }
          checked++;
        }
    }
    greys.sort(([one], [other]) => one - other);
    for (const [index, [, grey]] of greys.entries())
      if (index > 0 && grey < (greys[index - 1]?.[1] ?? 0)) return t.fail(`sample ${sample}: a larger value is darker`);
    t.true(new Set(greys.map(([, grey]) => grey)).size > 50, "grey tells values apart");
  }
  t.is(checked, samples * (y * x + z * x + z * y));
});

test("all samples of a batch are shown, a page of them at a time", async (t) => {
  t.timeout(60_000);
  const channel = dial(t, await server());
  const request = { spec: specBytes(many), timeline: "TIMELINE_TRAIN", step: 3 } as const;
  const ask = (page: number) => callUnary(channel, "DataService", "preview", { ...request, page });
  const first = await ask(1);
  t.true(first.pages > 1);
  t.is(first.firstSample, 0);
  let next = first.samples;
  for (let page = 2; page <= first.pages; page++) {
    const shown: Messages["PreviewResponse"] = await ask(page);
    t.like(shown, { pages: first.pages, firstSample: next });
    t.true(shown.png.length < 4 << 20);
    next += shown.samples;
  }
  t.is(next, 150);
  const error = await t.throwsAsync(ask(first.pages + 1));
  t.regex(error?.message ?? "", new RegExp(`page is ${first.pages + 1}; it must be 1 to ${first.pages}`));
  t.regex((await t.throwsAsync(ask(0)))?.message ?? "", /page is 0; it must be 1 to/);
});

test("the channel that is asked for is drawn", (t) => {
  const size = [2, 2, 2] as const;
  const floats = Float32Array.from({ length: 16 }, (_, index) => index);
  const bytes = new Uint8Array(16 * 4 + 8 * 2);
  bytes.set(new Uint8Array(floats.buffer));
  const tensors = [
    { name: "image", type: "f32", shape: [1, 2, ...size], offset: 0, byteLength: 64 },
    { name: "label", type: "i16", shape: [1, ...size], offset: 64, byteLength: 16 },
  ] as const;
  const shown = (channel: number) =>
    middleSlices({ tensors, bytes, lowers: new Int32Array(3), fetches: [], release: () => {} }, channel, size).map(
      ({ image }) => [...image],
    );
  t.deepEqual(shown(0), [
    [4, 5, 6, 7],
    [2, 3, 6, 7],
    [1, 3, 5, 7],
  ]);
  t.deepEqual(shown(1), [
    [12, 13, 14, 15],
    [10, 11, 14, 15],
    [9, 11, 13, 15],
  ]);
});

test("a channel that the data set does not have is refused", async (t) => {
  const channel = dial(t, await server());
  const error = await t.throwsAsync(callUnary(channel, "DataService", "preview", { ...address, channel: 1 }));
  t.regex(error?.message ?? "", /channel is 1; it must be 0/);
});

test("a store and a server of it give the same bytes", async (t) => {
  const channel = dial(t, await server());
  const request = { spec: specBytes(many), timeline: "TIMELINE_TRAIN", step: 3, page: 2 } as const;
  const served = await callUnary(channel, "DataService", "preview", request);
  const own = await previewFromStore(await sampleStore(), many, { timeline: "train", step: 3, page: 2 });
  t.is(Buffer.compare(served.png, own.png), 0);
  t.like(own, { pages: served.pages, firstSample: served.firstSample, samples: served.samples });
});

test("116 classes have colours that can be told apart, those of adjacent numbers easily, and none is grey", (t) => {
  const colours = distinctColours(116);
  for (const [index, colour] of colours.entries()) {
    t.true(Math.max(...colour) - Math.min(...colour) >= 85);
    for (const other of colours.slice(0, index))
      t.true(Math.sqrt(colourDistance(colour, other)) >= 60, `${colour}, ${other}`);
    const before = colours[index - 1];
    if (before !== undefined) t.true(Math.sqrt(colourDistance(colour, before)) >= 90, `${before}, ${colour}`);
  }
  t.deepEqual(distinctColours(20), colours.slice(0, 20), "a class keeps its colour however many there are");
});
