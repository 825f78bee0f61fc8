import test from "ava";
import fc from "fast-check";
import { PatchstreamError } from "../../../plan/index.js";
import { type ReceivedTensors, trainingBatch } from "../../../trainer/loop/training-batch.js";

const stage = { patchSize: [1, 2, 3], batchSize: 2, epochs: 1, foregroundFraction: 0.5 } as const;
const VALUES = Float32Array.from({ length: 24 }, (_, i) => i - 12);

function batch(change: Partial<ReceivedTensors> = {}): ReceivedTensors {
  return {
    step: 7,
    image: { type: "f32", shape: [2, 2, 1, 2, 3], bytes: new Uint8Array(VALUES.buffer) },
    label: {
      type: "u8",
      shape: [2, 1, 2, 3],
      bytes: Uint8Array.from({ length: 12 }, (_, i) => (i === 3 ? 255 : i % 3)),
    },
    deepLabels: [],
    ...change,
  };
}

test("f32 and u8 arrive as they are, wherever in memory their bytes begin", (t) => {
  const odd = new Uint8Array(97);
  odd.set(new Uint8Array(VALUES.buffer), 1);
  for (const bytes of [new Uint8Array(VALUES.buffer), odd.subarray(1)]) {
    const made = trainingBatch(
      batch({ image: { type: "f32", shape: [2, 2, 1, 2, 3], bytes } }),
      stage,
      "channels-first",
      2,
    );
    t.deepEqual(made.image, VALUES);
    t.is(made.label[3], 255);
    t.is(made.batchSize, 2);
  }
});

test("i16 labels below 0 are the ignored 255 of u8", (t) => {
  const bytes = new Uint8Array(Int16Array.from({ length: 12 }, (_, i) => (i === 3 ? -1 : i % 3)).buffer);
  const label = { type: "i16", shape: [2, 1, 2, 3], bytes } as const;
  t.deepEqual(trainingBatch(batch({ label }), stage, "channels-first", 2).label, batch().label.bytes);
});

test("channels-last is turned to channels-first", (t) => {
  const last = new Float32Array(24);
  for (let sample = 0; sample < 2; sample++)
    for (let voxel = 0; voxel < 6; voxel++)
      for (let channel = 0; channel < 2; channel++)
        last[(sample * 6 + voxel) * 2 + channel] = VALUES[(sample * 2 + channel) * 6 + voxel] as number;
  const image = { type: "f32", shape: [2, 1, 2, 3, 2], bytes: new Uint8Array(last.buffer) } as const;
  t.deepEqual(trainingBatch(batch({ image }), stage, "channels-last", 2).image, VALUES);
});

test("bf16 is the upper half of f32; f16 is IEEE half precision", (t) => {
  const shape = [2, 2, 1, 2, 3];
  const upper = Uint16Array.from(new Uint32Array(VALUES.buffer), (bits) => bits >>> 16);
  const bf16 = batch({ image: { type: "bf16", shape, bytes: new Uint8Array(upper.buffer) } });
  t.deepEqual(trainingBatch(bf16, stage, "channels-first", 2).image, VALUES);
  // IEEE 754 binary16: 1, -2, smallest subnormal, largest number, infinity, smallest normal.
  const words = new Uint16Array(24);
  words.set([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x0400, 0x3555]);
  const f16 = batch({ image: { type: "f16", shape, bytes: new Uint8Array(words.buffer) } });
  const made = trainingBatch(f16, stage, "channels-first", 2).image;
  t.deepEqual([...made.subarray(0, 7)], [1, -2, 2 ** -24, 65504, Infinity, 2 ** -14, 0.333251953125]);
});

test("a batch of another size than its stage's is refused, naming step and both sizes", (t) => {
  const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 5 });
  fc.assert(
    fc.property(shapes, (shape) => {
      if (shape.join() === "2,2,1,2,3") return;
      const wrong = batch({ image: { ...batch().image, shape } });
      const error = t.throws(() => trainingBatch(wrong, stage, "channels-first", 2), { instanceOf: PatchstreamError });
      t.deepEqual(error.facts, {
        code: "PATCH_MISMATCH",
        step: 7,
        got: `image ${shape.join("x")}`,
        want: "image 2x2x1x2x3",
      });
    }),
  );
  const label = { ...batch().label, shape: [1, 1, 2, 3] };
  t.throws(() => trainingBatch(batch({ label }), stage, "channels-first", 2), { message: /step 7 .*1x1x2x3.*2x1x2x3/ });
});
