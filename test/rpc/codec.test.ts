import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import fc from "fast-check";
import protobuf from "protobufjs";
import { PatchstreamError } from "../../plan/errors.js";
import { checkedFields } from "../../proto/messages.js";
import { PACKAGE } from "../../proto/proto-files.js";
import { schema } from "../../proto/schema.js";
import { codec, type MessageName } from "../../rpc/codec/codec.js";

const NAMES = Object.keys(checkedFields) as MessageName[];

function typeOf(name: string): protobuf.Type {
  return schema().lookupType(`${PACKAGE}.${name}`);
}

/** Values of a field, from protobufjs's reflection: what the codec makes of the .proto files is under test. */
function values(field: protobuf.Field): fc.Arbitrary<unknown> {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.keys(resolvedType.values));
  if (resolvedType instanceof protobuf.Type) return messages(resolvedType);
  const scalars: { readonly [type: string]: fc.Arbitrary<unknown> } = {
    uint32: fc.oneof(fc.nat(3), fc.nat(2 ** 32 - 1)),
    fixed32: fc.nat(2 ** 32 - 1),
    int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    sint32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    uint64: fc.oneof(fc.nat(3), fc.maxSafeNat()),
    double: fc.double(),
    bool: fc.boolean(),
    string: fc.string({ unit: "grapheme" }),
    bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  };
  return scalars[field.type] as fc.Arbitrary<unknown>;
}

function fieldValues(field: protobuf.Field): fc.Arbitrary<unknown> {
  if (field.map) return fc.dictionary(fc.string(), values(field), { noNullPrototype: true });
  return field.repeated ? fc.array(values(field), { maxLength: 5 }) : values(field);
}

function messages(type: protobuf.Type): fc.Arbitrary<Record<string, unknown>> {
  const oneof = type.oneofsArray.find((oneof) => !oneof.isProto3Optional);
  if (oneof)
    return fc
      .constantFrom(...oneof.fieldsArray)
      .chain((field) => fieldValues(field).map((value) => ({ [oneof.name]: field.name, [field.name]: value })));
  const isAlwaysThere = (field: protobuf.Field) =>
    !field.partOf && !(field.resolvedType instanceof protobuf.Type && !field.repeated);
  const requiredKeys = type.fieldsArray.filter(isAlwaysThere).map(({ name }) => name);
  const fields = Object.fromEntries(type.fieldsArray.map((field) => [field.name, fieldValues(field)]));
  return fc.record(fields, { requiredKeys }).map((message) => {
    const absent = type.fieldsArray.filter(({ name, partOf }) => !partOf && !(name in message));
    return { ...message, ...Object.fromEntries(absent.map(({ name }) => [name, null])) };
  });
}

const PLAIN = { longs: Number, enums: String, defaults: true, arrays: true, objects: true, oneofs: true };

/** What protobufjs's reflection reads; undefined for bytes that it refuses, or with an integer that no number holds. */
function reflected(type: protobuf.Type, bytes: Uint8Array): unknown {
  try {
    return known(type, type.toObject(type.decode(bytes), PLAIN));
  } catch {
    return undefined;
  }
}

/** With enum values of later versions as zero. Throws for integers beyond 2^53. */
function known(type: protobuf.Type, message: Record<string, unknown>): unknown {
  for (const { name, type: fieldType, resolvedType } of type.fieldsArray) {
    const value = message[name];
    const held = Array.isArray(value) ? value : [value];
    if (fieldType === "uint64" && held.some((one) => typeof one === "number" && !Number.isSafeInteger(one)))
      throw new RangeError(name);
    if (resolvedType instanceof protobuf.Enum && typeof value === "number") message[name] = resolvedType.valuesById[0];
    if (resolvedType instanceof protobuf.Type) for (const one of held) if (one) known(resolvedType, one);
  }
  return message;
}

test("every message is written and read as protobufjs's reflection does it", (t) => {
  for (const name of NAMES) {
    const type = typeOf(name);
    const { encode, decode } = codec(name);
    fc.assert(
      fc.property(messages(type), (message) => {
        const bytes = Buffer.from(type.encode(type.fromObject(message)).finish());
        t.deepEqual(encode(message as never), bytes);
        t.deepEqual(decode(bytes) as unknown, reflected(type, bytes));
      }),
      { numRuns: 50 },
    );
  }
});

test("damaged messages are read as protobufjs's reflection reads them, or refused where it refuses", (t) => {
  const damaged = fc.constantFrom(...NAMES).chain((name) =>
    fc.record({
      name: fc.constant(name),
      message: messages(typeOf(name)),
      at: fc.nat(),
      inserted: fc.uint8Array({ maxLength: 4 }),
      removed: fc.nat(4),
    }),
  );
  fc.assert(
    fc.property(damaged, ({ name, message, at, inserted, removed }) => {
      const bytes = codec(name).encode(message as never);
      const cut = at % (bytes.length + 1);
      const changed = Buffer.concat([bytes.subarray(0, cut), inserted, bytes.subarray(cut + removed)]);
      const wanted = reflected(typeOf(name), changed);
      if (wanted !== undefined) t.deepEqual(codec(name).decode(changed) as unknown, wanted);
      else {
        const error = t.throws(() => codec(name).decode(changed), { instanceOf: PatchstreamError });
        t.is(error?.code, "REQUEST_INVALID");
      }
    }),
    { numRuns: 1000 },
  );
});

/** Every field of a kind, of every message: its message, itself, and what holds one value of it and nothing else. */
function fieldsWhere(isWanted: (field: protobuf.Field) => boolean) {
  return NAMES.flatMap((name) =>
    typeOf(name)
      .fieldsArray.filter(isWanted)
      .map((field) => ({
        name,
        field,
        where: `${name}.${field.name}`,
        holding: (value: unknown) => ({
          ...codec(name).decode(Buffer.alloc(0)),
          [field.name]: field.map ? { key: value } : field.repeated ? [value] : value,
        }),
      })),
  );
}

const RANGES: { readonly [type: string]: readonly [lowest: number, highest: number] } = {
  uint32: [0, 4294967295],
  fixed32: [0, 4294967295],
  int32: [-2147483648, 2147483647],
  sint32: [-2147483648, 2147483647],
  uint64: [0, 9007199254740991],
};

test("every field of whole numbers takes what it holds and refuses all else, naming message and field", (t) => {
  const fields = fieldsWhere(({ type }) => type in RANGES);
  t.true(fields.length > 70, "the .proto files have such fields");
  for (const { name, field, where, holding } of fields) {
    const { encode, decode } = codec(name);
    const [lowest, highest] = RANGES[field.type] as readonly [number, number];
    for (const value of [lowest, 1, highest]) {
      const message = holding(value);
      t.deepEqual(decode(encode(message as never)) as unknown, message, where);
    }
    for (const value of [lowest - 1, highest + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "1", 2n ** 63n]) {
      const error = t.throws(() => encode(holding(value) as never), { instanceOf: PatchstreamError }, where);
      t.like(error?.facts, { code: "REQUEST_INVALID", field: where, got: String(value) });
    }
  }
});

test("a 64-bit integer beyond 2^53 - 1 is not read, and its message and field are named", (t) => {
  const fields = fieldsWhere(({ type }) => type === "uint64");
  t.true(fields.length > 8, "the .proto files have such fields");
  for (const { name, field, where } of fields) {
    const bytes = (value: bigint) =>
      protobuf.Writer.create()
        .uint32(field.id * 8)
        .uint64(String(value))
        .finish();
    const most = Number.MAX_SAFE_INTEGER;
    t.like(codec(name).decode(bytes(BigInt(most))) as object, { [field.name]: field.repeated ? [most] : most }, where);
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      const error = t.throws(() => codec(name).decode(bytes(value)), { instanceOf: PatchstreamError }, where);
      t.like(error?.facts, { code: "REQUEST_INVALID", field: where });
    }
  }
});

test("a field within a message within another is named by its own message", (t) => {
  const type = typeOf("StreamResponse");
  const tensors = [{ ...codec("Tensor").decode(Buffer.alloc(0)), byteLength: 2 ** 53 }];
  const batchBegin = { ...codec("BatchBegin").decode(Buffer.alloc(0)), tensors };
  const { encode, decode } = codec("StreamResponse");
  for (const refused of [
    () => encode({ kind: "batchBegin", batchBegin }),
    () => decode(type.encode(type.fromObject({ batchBegin })).finish()),
  ]) {
    const error = t.throws(refused, { instanceOf: PatchstreamError });
    t.like(error?.facts, { code: "REQUEST_INVALID", field: "Tensor.byteLength" });
  }
});

/** The name that an enum has for 0. */
function zeroOf({ resolvedType }: protobuf.Field): string | undefined {
  return resolvedType instanceof protobuf.Enum ? resolvedType.valuesById[0] : undefined;
}

test("an enum's value of a later version reads as its zero; a name that it does not have is not written", (t) => {
  const fields = fieldsWhere(({ resolvedType }) => resolvedType instanceof protobuf.Enum);
  t.true(fields.length > 5, "the .proto files have such fields");
  for (const { name, field, where, holding } of fields) {
    const { encode, decode } = codec(name);
    const later = protobuf.Writer.create()
      .uint32(field.id * 8)
      .int32(99)
      .finish();
    const zero = field.partOf?.isProto3Optional ? { [field.name]: zeroOf(field) } : {}; // an optional field that came is there
    t.deepEqual(decode(later) as unknown, { ...(decode(Buffer.alloc(0)) as object), ...zero }, where);
    for (const value of ["TIMELINE_LATER", "constructor", "1", 1]) {
      const error = t.throws(() => encode(holding(value) as never), { instanceOf: PatchstreamError }, where);
      t.like(error?.facts, { code: "REQUEST_INVALID", field: where });
    }
  }
});

test("hostile lengths and groups are refused", (t) => {
  const START_OF_FIELD_1_GROUP = 0x0b;
  const START_OF_FIELD_15_GROUP = 0x7b;
  for (const name of NAMES) {
    const hostile = [START_OF_FIELD_1_GROUP, START_OF_FIELD_15_GROUP].map((tag) => Buffer.alloc(1 << 20, tag));
    for (const { id } of typeOf(name).fieldsArray)
      for (const length of [2, 2 ** 31 - 1, 2 ** 32 - 1])
        hostile.push(
          Buffer.from(
            protobuf.Writer.create()
              .uint32(id * 8 + 2)
              .uint32(length)
              .uint32(0)
              .finish(),
          ),
        );
    for (const bytes of hostile) {
      const error = t.throws(() => codec(name).decode(bytes), { instanceOf: PatchstreamError }, name);
      t.is(error?.code, "REQUEST_INVALID");
    }
  }
});

test("a map's key may be any string", (t) => {
  const metrics = JSON.parse('{"__proto__": 1, "constructor": 2, "hasOwnProperty": 3, "": 4, "loss": 5}');
  const report = { stage: 1, fromStep: 2, reason: "", hold: false, metrics };
  const read = codec("StageReport").decode(codec("StageReport").encode(report));
  t.deepEqual(Object.entries(read.metrics), Object.entries(metrics));
  t.is(Object.getPrototypeOf(read.metrics), Object.prototype);
});

test("half a surrogate pair is written as U+FFFD, which every reader takes", (t) => {
  const { encode, decode } = codec("Notice");
  const read = decode(encode({ code: "\ud800", text: `${"x".repeat(200)}\udc00` }));
  t.deepEqual(read, { code: "\ufffd", text: `${"x".repeat(200)}\ufffd` });
});

test("a client loads protobufjs's reader and writer, and not its reflection", async (t) => {
  const script = `
    await import(${JSON.stringify(new URL("../../client/index.js", import.meta.url).href)});
    await import(${JSON.stringify(new URL("../../client/transport/session.js", import.meta.url).href)});
    const { createRequire } = await import("node:module");
    console.log(JSON.stringify(Object.keys(createRequire("/").cache)));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  const loaded = (JSON.parse(stdout) as string[]).filter((file) => file.includes("/protobufjs/src/"));
  t.true(loaded.some((file) => file.endsWith("/reader.js")));
  t.deepEqual(
    loaded.filter((file) => /\/(root|type|parse)\.js$/.test(file)),
    [],
  );
});
