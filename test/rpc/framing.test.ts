import test from "ava";
import fc from "fast-check";
import { codec } from "../../rpc/codec/codec.js";
import { chunkFrame, readChunkFrame } from "../../rpc/codec/framing.js";

const chunks = fc.record({
  step: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff })),
  offset: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  data: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(40_000).map((length) => new Uint8Array(length).fill(length)),
  ),
});

function framed(step: number, offset: number, data: Uint8Array): Buffer {
  const frame = chunkFrame(step, offset, data);
  const bytes = Buffer.alloc(frame.byteLength + 7);
  frame.copy(bytes, 5);
  return bytes.subarray(5, 5 + frame.byteLength);
}

test("a chunk framed by hand equals protobufjs's, in each of the three messages that carry one", (t) => {
  for (const name of ["StreamResponse", "GetBatchResponse", "ReadCaseResponse"] as const)
    fc.assert(
      fc.property(chunks, (chunk) => {
        const { step, offset, data } = chunk;
        return codec(name)
          .encode({ kind: "chunk", chunk })
          .equals(framed(step, offset, data));
      }),
      { numRuns: 200 },
    );
  t.pass();
});

test("a chunk read by hand equals the one framed", (t) => {
  fc.assert(
    fc.property(chunks, ({ step, offset, data }) => {
      const read = readChunkFrame(framed(step, offset, data));
      return read?.step === step && read.offset === offset && Buffer.compare(read.data, data) === 0;
    }),
  );
  t.pass();
});

test("whatever is not such a frame is left to protobufjs", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = readChunkFrame(bytes);
      if (read === undefined) return true;
      const { kind, ...message } = codec("StreamResponse").decode(bytes);
      return kind === "chunk" && "chunk" in message && Buffer.compare(message.chunk.data, read.data) === 0;
    }),
    { numRuns: 2_000 },
  );
  t.is(
    readChunkFrame(codec("StreamResponse").encode({ kind: "batchEnd", batchEnd: { step: 1, checksum: 0 } })),
    undefined,
  );
});
