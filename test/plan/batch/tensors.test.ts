import test from "ava";
import fc from "fast-check";
import { batchTensors, shareTensors, tensorBytes } from "../../../plan/batch/tensors.js";
import type { ResolvedSpec } from "../../../plan/run-spec/resolved-spec.js";
import { planBatch } from "../../../plan/sampling/plan-batch.js";
import type { Zyx } from "../../../plan/zyx.js";
import { sixCases, threeStages } from "../six-cases.js";

const VALUE_BYTES = { f32: 4, f16: 2, bf16: 2, i16: 2, u8: 1 };
const side = fc.integer({ min: 1, max: 40 });
const size: fc.Arbitrary<Zyx> = fc.tuple(side, side, side);
const wire = fc.record({
  image: fc.constantFrom("f32" as const, "f16" as const, "bf16" as const),
  label: fc.constantFrom("u8" as const, "i16" as const),
  layout: fc.constantFrom("channels-first" as const, "channels-last" as const),
});

test("tensors lie one behind the other without gaps, each with the bytes of its shape and type", (t) => {
  const samples = fc.integer({ min: 1, max: 20 });
  const channels = fc.integer({ min: 1, max: 5 });
  const deep = fc.array(size, { maxLength: 4 });
  fc.assert(
    fc.property(wire, samples, channels, size, deep, (wire, samples, channels, patchSize, deepLabels) => {
      const tensors = batchTensors(wire, { samples, channels, patchSize, deepLabels });
      const [image, label, ...more] = tensors;
      const isFirst = wire.layout === "channels-first";
      const imageShape = isFirst ? [samples, channels, ...patchSize] : [samples, ...patchSize, channels];
      t.deepEqual(image.shape, imageShape);
      t.deepEqual(label.shape, [samples, ...patchSize]);
      t.deepEqual(
        more.map(({ name, shape }) => [name, shape]),
        deepLabels.map((size, index) => [`label_${index + 1}`, [samples, ...size]]),
      );
      let end = 0;
      for (const { type, shape, offset, byteLength } of tensors) {
        t.is(offset, end);
        t.is(
          byteLength,
          shape.reduce((product, extent) => product * extent, VALUE_BYTES[type]),
        );
        end += byteLength;
      }
      t.is(tensorBytes(tensors), end);
    }),
  );
});

const specs: fc.Arbitrary<ResolvedSpec> = fc
  .record({ wire, deepSupervision: fc.boolean() })
  .map((some) => ({ ...threeStages, ...some }));
const places = fc.constantFrom(
  { timeline: "train", stage: 0 } as const,
  { timeline: "train", stage: 1 } as const,
  { timeline: "train", stage: 2 } as const,
  { timeline: "val", stage: 2 } as const,
);

test("the shares of the ranks together are the whole batch, sample for sample and byte for byte", (t) => {
  fc.assert(
    fc.property(
      specs,
      places,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      (spec, at, channels, ranks) => {
        const whole = shareTensors(spec, channels, at);
        const shares = Array.from({ length: ranks }, (_, rank) => shareTensors(spec, channels, at, { rank, ranks }));
        const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
        t.is(sum(shares.map(tensorBytes)), tensorBytes(whole));
        for (const [index, { name, type, shape, byteLength }] of whole.entries()) {
          const parts = shares.map((share) => share[index] as (typeof whole)[0 | 1]);
          t.is(sum(parts.map((part) => part.byteLength)), byteLength);
          t.is(sum(parts.map((part) => part.shape[0] as number)), shape[0] as number);
          for (const part of parts)
            t.deepEqual([part.name, part.type, part.shape.slice(1)], [name, type, shape.slice(1)]);
        }
      },
    ),
  );
});

test("a share's tensors have room for the crops that are planned for it, of their patch size", (t) => {
  fc.assert(
    fc.property(specs, places, fc.integer({ min: 1, max: 4 }), fc.nat(3), (spec, at, ranks, number) => {
      const rank = { rank: number % ranks, ranks };
      const { crops, patchSize } = planBatch(spec, sixCases, { ...at, step: 0 }, rank);
      const [image, label] = shareTensors(spec, sixCases.channels, at, rank);
      t.deepEqual(label.shape, [crops.length, ...patchSize]);
      t.is(image.shape[0], crops.length);
    }),
  );
});
