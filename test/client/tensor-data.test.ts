import test from "ava";
import { toBatch } from "../../client/run.js";

/** A batch of one voxel and one channel whose image and label travelled as `bytes`. */
function batchOf(image: "f32" | "f16" | "bf16", label: "u8" | "i16", imageBytes: number, bytes: Uint8Array) {
  const buffer = bytes.slice().buffer;
  const tensors = [
    { name: "image", type: image, shape: [1, 1, 1, 1, 1], byteLength: imageBytes },
    { name: "label", type: label, shape: [1, 1, 1, 1], byteLength: bytes.byteLength - imageBytes },
  ];
  const samples = { cases: [], sampleCases: [], kinds: [], classes: [], start: [], size: [] };
  const about = { step: 0, stage: 0, globalBatch: 1, checksum: 0, carriedMs: 0 };
  return toBatch({ ...about, tensors, samples, buffer } as unknown as Parameters<typeof toBatch>[0], "train", 0);
}

test("float32 images and both kinds of labels are views on the batch's own memory", (t) => {
  const { image, label } = batchOf("f32", "i16", 4, Uint8Array.of(0, 0, 0x80, 0x3f, 0xff, 0xff));
  t.deepEqual([...image.data, ...label.data], [1, -1]);
  t.is(image.data.buffer, image.bytes.buffer);
  t.is(label.data.buffer, label.bytes.buffer);
  t.true(image.data instanceof Float32Array && label.data instanceof Int16Array);
  const small = batchOf("f32", "u8", 4, Uint8Array.of(0, 0, 0x80, 0x3f, 255)).label;
  t.is(small.data, small.bytes);
});

test("16-bit images are decoded once", (t) => {
  for (const [type, bytes] of [
    ["f16", [0x00, 0xc0, 7]],
    ["bf16", [0x00, 0xc0, 7]],
  ] as const) {
    const { image, label } = batchOf(type, "u8", 2, Uint8Array.from(bytes));
    t.deepEqual([...image.data, ...label.data], [-2, 7]);
    t.is(image.data, image.data);
  }
});

test("a disposed batch has no data, read before or not", (t) => {
  for (const [type, imageBytes] of [
    ["f32", 4],
    ["f16", 2],
  ] as const) {
    const batch = batchOf(type, "i16", imageBytes, new Uint8Array(imageBytes + 2));
    t.is(batch.image.data.length, 1);
    batch[Symbol.dispose]();
    t.is(batch.image.data.length + batch.label.data.length, 0);
  }
});
