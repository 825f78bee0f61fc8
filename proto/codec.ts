import type protobuf from "protobufjs";
import { PatchstreamError } from "../plan/errors.js";
import type { Messages } from "./messages.js";
import { PACKAGE, schema } from "./schema.js";

export type MessageName = keyof Messages & string;

/** Turns one kind of message into bytes and back. */
export interface Codec<Message> {
  encode(message: Message): Buffer;
  /** Absent fields read as zero, empty or null (optional ones stay absent); throws REQUEST_INVALID for bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
}

/** 64-bit integers are JavaScript numbers; one beyond 2^53 stays beyond it when converted, so it is found and refused here. */
const asPlainObject: protobuf.IConversionOptions = {
  longs: Number,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
};

const LONG_TYPES = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

function checkIntegers(type: protobuf.Type, value: Record<string, unknown>): void {
  for (const field of type.fieldsArray) {
    const entry = value[field.name];
    if (entry === undefined || entry === null) continue;
    const entries = field.map ? Object.values(entry) : field.repeated ? (entry as unknown[]) : [entry];
    if (LONG_TYPES.has(field.type)) {
      const bad = entries.find((number) => !Number.isSafeInteger(number));
      if (bad !== undefined)
        throw new PatchstreamError({
          code: "REQUEST_INVALID",
          field: `${type.name}.${field.name}`,
          got: String(bad),
          want: "an integer of at most 2^53 - 1",
        });
    } else if (field.resolvedType !== null && "fieldsArray" in field.resolvedType)
      for (const inner of entries) checkIntegers(field.resolvedType, inner as Record<string, unknown>);
  }
}

const codecs = new Map<string, Codec<never>>();

/** The codec of a message, by its name in the .proto files. */
export function codec<Name extends MessageName>(name: Name): Codec<Messages[Name]> {
  const known = codecs.get(name);
  if (known !== undefined) return known as unknown as Codec<Messages[Name]>;
  const type = schema().lookupType(`${PACKAGE}.${name}`);
  const made: Codec<Messages[Name]> = {
    encode(message) {
      const plain = message as Record<string, unknown>;
      checkIntegers(type, plain);
      return type.encode(type.fromObject(plain)).finish() as Buffer;
    },
    decode(bytes) {
      let message: protobuf.Message;
      try {
        message = type.decode(bytes);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new PatchstreamError(
          { code: "REQUEST_INVALID", field: name, got: `${bytes.length} bytes (${reason})`, want: `a ${name} message` },
          undefined,
          { cause },
        );
      }
      const plain = type.toObject(message, asPlainObject);
      checkIntegers(type, plain);
      return plain as Messages[Name];
    },
  };
  codecs.set(name, made as unknown as Codec<never>);
  return made;
}
