import {
  entryLayout,
  type FieldLayout,
  LENGTH_DELIMITED,
  type MessageLayout,
  type Scalar,
  wireTypeOf,
} from "../../proto/layout.js";
import { enums, layouts } from "../../proto/messages.js";
import { checkInteger } from "./encode-message.js";
import { WireReader } from "./wire-reader.js";

type Plain = Record<string, unknown>;

/**
 * Reads a message, onto `message` where a part of it came before. Bytes fields are views. Throws as
 * `WireReader` does for bytes that are no message, and REQUEST_INVALID for an integer beyond 2^53 - 1.
 */
export function readMessage(layout: MessageLayout, bytes: Uint8Array, message: Plain = emptyMessage(layout)): Plain {
  const reader = new WireReader(bytes);
  while (!reader.isAtEnd) {
    const { id, wireType } = reader.tag();
    const field = layout.fields.find((field) => field.id === id);
    if (field === undefined || !readField(layout, field, wireType, reader, message)) reader.skip(wireType, id);
  }
  return message;
}

/** What proto3 says of fields that are absent. */
function emptyMessage({ oneof, fields }: MessageLayout): Plain {
  const message: Plain = {};
  if (oneof === undefined)
    for (const field of fields) if (field.rule !== "optional") message[field.name] = emptyField(field);
  return message;
}

function emptyField({ rule, kind, type }: FieldLayout): unknown {
  if (rule === "repeated") return [];
  if (rule === "map") return {};
  if (kind === "message") return null;
  if (kind === "enum") return enums[type as keyof typeof enums][0];
  if (type === "string") return "";
  if (type === "bytes") return Buffer.alloc(0);
  return type === "bool" ? false : 0;
}

/** False where the value on the wire is not of the field's type, so that it counts as unknown. */
function readField(
  layout: MessageLayout,
  field: FieldLayout,
  wireType: number,
  reader: WireReader,
  message: Plain,
): boolean {
  const { name, rule } = field;
  const wanted = wireTypeOf(field);
  if (rule === "repeated") {
    const values = message[name] as unknown[];
    if (wireType === wanted) values.push(readValue(layout, field, reader));
    else if (wireType !== LENGTH_DELIMITED) return false;
    else {
      const packed = new WireReader(reader.bytes());
      while (!packed.isAtEnd) values.push(readValue(layout, field, packed));
    }
    return true;
  }
  if (wireType !== wanted) return false;
  if (rule === "map") {
    const { key, value } = readMessage(entryLayout(field), reader.bytes());
    // Not by assignment, which a key `__proto__` would turn against the object.
    Object.defineProperty(message[name], key as string, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
    return true;
  }
  const { oneof } = layout;
  if (oneof !== undefined && message[oneof] !== name) {
    delete message[message[oneof] as string];
    message[oneof] = name;
  }
  message[name] = readValue(layout, field, reader, message[name]);
  return true;
}

function readValue(layout: MessageLayout, field: FieldLayout, reader: WireReader, before?: unknown): unknown {
  const { kind, type } = field;
  if (kind === "message")
    return readMessage(
      layouts[type as keyof typeof layouts],
      reader.bytes(),
      (before ?? undefined) as Plain | undefined,
    );
  if (kind === "enum") {
    const names: readonly string[] = enums[type as keyof typeof enums];
    return names[reader.int32()] ?? names[0]; // A value of a later version is none that we know.
  }
  const value = reader[type as Scalar]();
  if (type === "uint64") checkInteger(layout, field, value);
  return value;
}
