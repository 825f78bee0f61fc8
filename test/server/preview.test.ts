import test from "ava";
import sharp from "sharp";
import { callUnary } from "../../rpc/client/call.js";
import { dial, oneServer } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { getBatch, specBytes, UNCHECKED } from "../conformance/wire.js";

const server = oneServer(test);

/** Pixels between two tiles. */
const GAP = 2;

/** A colour without its brightness: the picture's grey adds the same to red, green and blue. */
type Tint = readonly [redLessGreen: number, greenLessBlue: number];

/** Two differences of numbers that were rounded down. */
const isSame = (one: Tint, other: Tint) => Math.max(Math.abs(one[0] - other[0]), Math.abs(one[1] - other[1])) <= 2;

test("a preview tints each class in a colour of its own, and what has no class not at all", async (t) => {
  t.timeout(60_000);
  const channel = dial(t, await server());
  const spec = { ...SMALL_RUN, wire: { image: "f32", label: "i16", layout: "channels-first" } };
  const address = { spec: specBytes(spec), timeline: "TIMELINE_TRAIN", step: 17 } as const;
  const { png } = await callUnary(channel, "DataService", "preview", address);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const { begin, bytes } = await getBatch(channel, { ...address, specSha256: UNCHECKED });
  const [image, label] = begin.tensors;
  if (image === undefined || label === undefined) return t.fail("a batch has an image and a label");
  const [samples, depth, height, width] = label.shape as [number, number, number, number];
  const start = bytes.byteOffset + image.byteLength;
  const labels = new Int16Array(bytes.buffer.slice(start, start + label.byteLength));

  const columns = Math.ceil(Math.sqrt(samples));
  const zoom = (info.width / columns - GAP) / width;
  t.true(Number.isInteger(zoom) && zoom >= 1);
  const tints = new Map<number, Tint>();
  for (let sample = 0; sample < samples; sample++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const value = labels[((sample * depth + Math.floor(depth / 2)) * height + y) * width + x] as number;
        const row = Math.floor(sample / columns) * (height * zoom + GAP) + y * zoom;
        const column = (sample % columns) * (width * zoom + GAP) + x * zoom;
        const [red, green, blue] = data.subarray(3 * (row * info.width + column)) as unknown as [
          number,
          number,
          number,
        ];
        const tint: Tint = [red - green, green - blue];
        const known = tints.get(value) ?? tint;
        tints.set(value, known);
        if (!isSame(known, tint)) return t.fail(`a voxel of class ${value} has the tint ${tint}, another ${known}`);
      }
  t.deepEqual([...tints.keys()].toSorted(), [0, 1, 2]);
  const [none, first, second] = [0, 1, 2].map((value) => tints.get(value) as Tint) as [Tint, Tint, Tint];
  t.deepEqual(none, [0, 0]);
  t.false(isSame(first, none) || isSame(second, none) || isSame(first, second), `${first}, ${second}`);
});
