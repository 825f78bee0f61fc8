import { crc32 } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { joinChecksums, WrittenChecksums } from "../../../loader/engine/cut/batch-checksum.js";
import { crc32Combiner } from "../../../loader/engine/cut/crc32-combine.js";
import { batchTensors, tensorBytes } from "../../../plan/batch/tensors.js";
import type { Zyx } from "../../../plan/zyx.js";

test("two checksums combine to that of the bytes laid end to end, empty ones too", (t) => {
  const bytes = fc.uint8Array({ maxLength: 3000 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const combine = crc32Combiner();
      t.is(combine(crc32(a), crc32(b), b.length), crc32(Buffer.concat([a, b])));
      t.is(combine(crc32(b), crc32(b), b.length), crc32(Buffer.concat([b, b])), "the same length again");
    }),
  );
});

test("checksums of pieces, in whatever parts and order they were written, join to that of the whole batch", (t) => {
  const wire = { image: "f16", label: "u8", layout: "channels-first" } as const;
  const extents = fc.constantFrom<Zyx>([2, 1, 3], [32, 48, 40]); // smaller and larger than what is left for later
  const batch = fc.tuple(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 4 }),
    extents,
    fc.infiniteStream(fc.nat(255)),
  );
  fc.assert(
    fc.property(batch, ([samples, parts, patchSize, values]) => {
      const next = () => values.next().value as number;
      const tensors = batchTensors(wire, { samples, channels: 2, patchSize, deepLabels: [[1, 1, 2]] });
      const bytes = new Uint8Array(tensorBytes(tensors));
      const owner = Array.from({ length: samples }, () => next() % parts);
      const runs = Array.from({ length: parts }, (_, part) => {
        const written = new WrittenChecksums(bytes);
        for (const place of [...owner.keys()].filter((each) => owner[each] === part)) {
          for (const [tensor, { offset, byteLength }] of tensors.entries()) {
            const [start, end] = [place, place + 1].map((at) => offset + (at * byteLength) / samples) as [
              number,
              number,
            ];
            const middle = start + (next() % (end - start));
            for (const [from, to] of [
              [start, middle],
              [middle, end],
            ] as const) {
              bytes.fill(next(), from, to);
              written.wrote(tensor, from, to);
            }
          }
        }
        return written.finish();
      });
      t.is(joinChecksums(runs.flat()), crc32(bytes));
    }),
  );
});
