import test from "ava";
import fc from "fast-check";
import { regionTargets } from "../../client/tensor-values.js";

const regions = [
  { name: "whole", values: [1, 2, 3], exportValue: 1 },
  { name: "core", values: [2, 3], exportValue: 2 },
  { name: "active", values: [3], exportValue: 3 },
];

test("a voxel is 1 in every region that has its value; the ignore label has a channel of its own, last", (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { minLength: 24, maxLength: 24 }), fc.boolean(), (labels, ignores) => {
      const label = { type: "u8", shape: [2, 3, 2, 2], bytes: Uint8Array.from(labels) } as const;
      const { shape, values } = regionTargets(label, { regions, ...(ignores && { ignoreLabel: 4 }) });
      const sets = [...regions.map((region) => region.values), ...(ignores ? [[4]] : [])];
      t.deepEqual(shape, [2, sets.length, 3, 2, 2]);
      for (const [at, value] of values.entries()) {
        const [voxel, channel, sample] = [
          at % 12,
          Math.floor(at / 12) % sets.length,
          Math.floor(at / 12 / sets.length),
        ];
        t.is(value, Number((sets[channel] as number[]).includes(labels[12 * sample + voxel] as number)));
      }
    }),
  );
});
