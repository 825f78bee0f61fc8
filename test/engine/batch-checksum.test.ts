import { crc32 } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { checksumRuns, joinChecksums } from "../../loader/engine/batch-checksum.js";
import { combineCrc32 } from "../../loader/engine/crc32-combine.js";
import { batchTensors, tensorBytes } from "../../loader/engine/tensors.js";

test("two checksums combine to that of the bytes laid end to end, empty ones too", (t) => {
  const bytes = fc.uint8Array({ maxLength: 3000 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      t.is(combineCrc32(crc32(a), crc32(b), b.length), crc32(Buffer.concat([a, b])));
    }),
  );
});

test("checksums of samples, in whatever parts they were cut, join to that of the whole batch", (t) => {
  const wire = { image: "f16", label: "u8", layout: "channels-first" } as const;
  const batch = fc.tuple(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 4 }),
    fc.infiniteStream(fc.nat(255)),
  );
  fc.assert(
    fc.property(batch, ([samples, parts, values]) => {
      const tensors = batchTensors(wire, { samples, channels: 2, patchSize: [2, 1, 3], deepLabels: [[1, 1, 2]] });
      const bytes = Uint8Array.from({ length: tensorBytes(tensors) }, () => values.next().value as number);
      const owner = Array.from({ length: samples }, () => (values.next().value as number) % parts);
      const runs = Array.from({ length: parts }, (_, part) => {
        const places = [...owner.keys()].filter((place) => owner[place] === part);
        return checksumRuns(places, bytes, tensors);
      });
      t.is(joinChecksums(runs.flat(), tensors), crc32(bytes));
    }),
  );
});
