import test from "ava";
import fc from "fast-check";
import protobuf from "protobufjs";
import { PatchstreamError } from "../../plan/errors.js";
import { layouts } from "../../proto/messages.js";
import { PACKAGE } from "../../proto/proto-files.js";
import { schema } from "../../proto/schema.js";
import { codec, type MessageName } from "../../rpc/codec/codec.js";

const NAMES = Object.keys(layouts) as MessageName[];

function typeOf(name: string): protobuf.Type {
  return schema().lookupType(`${PACKAGE}.${name}`);
}

/** Values of a field, from protobufjs's reflection: the codec's own tables are what is under test. */
function values(field: protobuf.Field): fc.Arbitrary<unknown> {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.keys(resolvedType.values));
  if (resolvedType instanceof protobuf.Type) return messages(resolvedType);
  const scalars: { readonly [type: string]: fc.Arbitrary<unknown> } = {
    uint32: fc.oneof(fc.nat(3), fc.nat(2 ** 32 - 1)),
    fixed32: fc.nat(2 ** 32 - 1),
    int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
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
        const bytes = encode(message as never);
        const sent = reflected(type, type.encode(type.fromObject(message)).finish());
        t.deepEqual(reflected(type, bytes), sent);
        t.deepEqual(decode(bytes) as unknown, sent);
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
    { numRuns: 3000 },
  );
});

test("integers that a field does not hold are not written", (t) => {
  for (const firstStep of [-1, 0.5, 2 ** 32, Number.NaN]) {
    const error = t.throws(() => codec("Want").encode({ firstStep, count: 1 }), { instanceOf: PatchstreamError });
    t.like(error?.facts, { code: "REQUEST_INVALID", field: "Want.firstStep" });
  }
});

test("a map's key may be any string", (t) => {
  const report = { stage: 1, fromStep: 2, reason: "", hold: false, metrics: JSON.parse('{"__proto__": 1, "loss": 2}') };
  const read = codec("StageReport").decode(codec("StageReport").encode(report));
  t.deepEqual(Object.entries(read.metrics), [
    ["__proto__", 1],
    ["loss", 2],
  ]);
});
