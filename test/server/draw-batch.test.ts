import test from "ava";
import { drawBatch, shownSlices } from "../../loader/server/draw-batch.js";

/** A batch of one channel and one slice a sample, cut as f32 and i16. */
function batch(samples: number, y: number, x: number, image: (at: number) => number, label: (at: number) => number) {
  const voxels = samples * y * x;
  const bytes = new Uint8Array(6 * voxels);
  new Float32Array(bytes.buffer, 0, voxels).set(Float32Array.from({ length: voxels }, (_, at) => image(at)));
  new Int16Array(bytes.buffer, 4 * voxels, voxels).set(Int16Array.from({ length: voxels }, (_, at) => label(at)));
  const tensor = { type: "f32", layout: "channels-first" } as const;
  const tensors = [
    { ...tensor, name: "image", shape: [samples, 1, 1, y, x], offset: 0, byteLength: 4 * voxels },
    { ...tensor, name: "label", type: "i16", shape: [samples, 1, y, x], offset: 4 * voxels, byteLength: 2 * voxels },
  ] as const;
  return { tensors, bytes } as unknown as Parameters<typeof shownSlices>[0];
}

test("voxels without a class are grey from the slice's smallest to its largest value, and each class has its own colour", async (t) => {
  const { rgb, width } = drawBatch(
    await shownSlices(
      batch(
        1,
        1,
        4,
        (at) => [-1, 3, 1, 1][at] as number,
        (at) => [0, 0, 5, 7][at] as number,
      ),
    ),
    [5, 7],
  );
  const zoom = 96 / 4;
  t.is(width, 98);
  const pixel = (voxel: number) => [...rgb.subarray(3 * voxel * zoom, 3 * voxel * zoom + 3)];
  t.deepEqual(pixel(0), [0, 0, 0]);
  t.deepEqual(pixel(1), [255, 255, 255]);
  const [first, second] = [pixel(2), pixel(3)];
  t.notDeepEqual(first, second);
  for (const colour of [first, second]) t.true(new Set(colour).size > 1, "a class is not grey");
});

test("a picture is bounded however large the patches are", async (t) => {
  const { width, height, rgb } = drawBatch(
    await shownSlices(
      batch(
        2,
        3,
        2048,
        (at) => at % 2048,
        () => 0,
      ),
    ),
    [],
  );
  t.deepEqual([width, height], [2 * 514, 3]);
  t.is(rgb.length, 3 * width * height);
  // Every fourth voxel of 2048 is shown: 0, 4, ... 2044.
  const grey = (pixel: number) => [...rgb.subarray(3 * pixel, 3 * pixel + 3)];
  t.deepEqual(grey(511), [255, 255, 255]);
  t.deepEqual(grey(256), Array(3).fill(Math.floor((1024 * 255) / 2044)));
});
