import { readFileSync } from "node:fs";
import test from "ava";
import protobuf from "protobufjs";
import { PatchstreamError } from "../../plan/errors.js";
import { typescriptOf } from "../../proto/generate.js";
import type { StreamRequest } from "../../proto/messages.js";
import { schema } from "../../proto/schema.js";
import { codec } from "../../rpc/codec/codec.js";

test("messages.ts is what the .proto files generate", (t) => {
  const committed = readFileSync(new URL("../../../proto/messages.ts", import.meta.url), "utf8");
  t.is(committed, typescriptOf(schema()), "run `npm run generate`");
});

test("a field that the codec does not check is refused when messages.ts is made", (t) => {
  const fields = [
    "int64 x = 1;",
    "float x = 1;",
    "map<uint32, string> x = 1;",
    "map<string, N> x = 1;",
    "map<string, E> x = 1;",
    "repeated E x = 1;",
  ];
  for (const field of fields) {
    const source = `syntax = "proto3"; package patchstream.v1; enum E { E_UNSPECIFIED = 0; } message N {} message M { ${field} }`;
    const { root } = protobuf.parse(source);
    root.resolveAll();
    t.throws(() => typescriptOf(root), { message: /^\.patchstream\.v1\.M\.x: / }, field);
  }
});

test("a message comes back as it was sent, absent optional fields absent", (t) => {
  const { encode, decode } = codec("StreamRequest");
  const want: StreamRequest = { kind: "want", want: { firstStep: 4711, count: 3 } };
  t.deepEqual(decode(encode(want)), want);
  const staged: StreamRequest = { kind: "want", want: { firstStep: 0, count: 0, stage: 0 } };
  t.deepEqual(decode(encode(staged)), staged);
  t.deepEqual(decode(new Uint8Array()), {});
});

test("bytes that are no message, and integers beyond 2^53, are refused by field", (t) => {
  const cut = t.throws(() => codec("Want").decode(Uint8Array.of(8, 255, 255)), { instanceOf: PatchstreamError });
  t.is(cut?.code, "REQUEST_INVALID");
  const huge = Uint8Array.of(16, 255, 255, 255, 255, 255, 255, 255, 255, 127);
  const beyond = t.throws(() => codec("Chunk").decode(huge), { instanceOf: PatchstreamError });
  t.like(beyond?.facts, { code: "REQUEST_INVALID", field: "Chunk.offset" });
});
