import test from "ava";
import fc from "fast-check";
import { BLOCK_BYTES } from "../../../loader/engine/memory/blocks.js";
import { locationAt, volumeBytes, volumeViews } from "../../../loader/engine/memory/volume-layout.js";

const extent = fc.integer({ min: 1, max: 9 });
const entry = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 3 }), extent, extent, extent),
  foregroundCounts: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 3 }),
});

const anyLargest = fc.constantFrom(0, 126, 127, 32_767);

test("image, label and locations of a volume lie side by side, in the bytes that it asks for", (t) => {
  fc.assert(
    fc.property(entry, anyLargest, (one, largest) => {
      const bytes = volumeBytes(one, largest);
      const buffer = new SharedArrayBuffer(16 + bytes);
      const { image, label, locations } = volumeViews(one, largest, { buffer, offset: 16 });
      t.is(label.values.BYTES_PER_ELEMENT, largest <= 126 ? 1 : 2);
      const views = [image.values, label.values, ...locations];
      let end = 16;
      for (const view of views) {
        t.true(view.byteOffset >= end && view.byteOffset < end + 4);
        end = view.byteOffset + view.byteLength;
      }
      t.true(end <= 16 + bytes && end > 16 + bytes - 4);
    }),
  );
});

test("a volume at the far end of a 4 GiB arena is read where it was written, and nowhere else", (t) => {
  const pages = 65_536;
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const one = { shape: [1, 2, 3, 4], foregroundCounts: [2] } as const;
  const far = (pages - 1) * BLOCK_BYTES;
  const written = volumeViews(one, 1, { buffer, offset: far });
  written.image.values.fill(1.5);
  written.label.values.fill(7);
  written.locations[0]?.set([1, 2, 3, 4, 5, 6]);
  const again = volumeViews(one, 1, { buffer, offset: far });
  t.deepEqual([...again.image.values], new Array(24).fill(1.5));
  t.deepEqual([...again.label.values], new Array(24 + 1).fill(7)); // one brick
  t.deepEqual(locationAt(again.locations[0] as Uint32Array, 1), [4, 5, 6]);
  for (const elsewhere of [0, far - 2 ** 31]) {
    t.deepEqual([...volumeViews(one, 1, { buffer, offset: elsewhere }).image.values], new Array(24).fill(0));
  }
});
