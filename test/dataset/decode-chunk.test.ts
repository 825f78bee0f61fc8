import { gzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { chunkBytes, imageLayout, labelLayout } from "../../loader/dataset/zarr/array-layout.js";
import { storedChecksum, withChecksum } from "../../loader/dataset/zarr/checksummed-bytes.js";
import { decodeChunk } from "../../loader/dataset/zarr/decode-chunk.js";

const layouts = [imageLayout([2, 5, 6, 7]), labelLayout([5, 6, 7])] as const;

test("a chunk whose checksum is right but that has not the bytes of its shape is refused", (t) => {
  const side = fc.constantFrom(...layouts);
  fc.assert(
    fc.property(side, fc.integer({ min: -40, max: 40 }), (layout, more) => {
      const bytes = new Uint8Array(chunkBytes(layout) + more).fill(3);
      const stored = withChecksum(layout.gzipped ? gzipSync(bytes) : bytes);
      const checksum = storedChecksum(stored);
      if (more !== 0) return void t.throws(() => decodeChunk(stored, layout, checksum));
      const { buffer, byteOffset, byteLength } = decodeChunk(stored, layout, checksum);
      t.deepEqual(new Uint8Array(buffer, byteOffset, byteLength), bytes);
    }),
  );
});
