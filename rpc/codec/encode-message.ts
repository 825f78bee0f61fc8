import { PatchstreamError } from "../../plan/errors.js";
import {
  entryLayout,
  type FieldLayout,
  LENGTH_DELIMITED,
  type MessageLayout,
  type Scalar,
  wireTypeOf,
} from "../../proto/layout.js";
import { enums, layouts } from "../../proto/messages.js";
import { WireWriter } from "./wire-writer.js";

/** What may be in the integers. JavaScript's numbers hold 53 bits. */
const RANGES: { readonly [scalar: string]: readonly [lowest: number, highest: number] } = {
  uint32: [0, 2 ** 32 - 1],
  fixed32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** Writes a message's fields; throws REQUEST_INVALID for an integer that its field does not hold. */
export function writeMessage(layout: MessageLayout, message: object, writer: WireWriter): void {
  for (const field of layout.fields) {
    const value = (message as Readonly<Record<string, unknown>>)[field.name];
    if (value !== undefined && value !== null) writeField(layout, field, value, writer);
  }
}

function writeField(layout: MessageLayout, field: FieldLayout, value: unknown, writer: WireWriter): void {
  const { id, rule } = field;
  const wireType = wireTypeOf(field);
  const write = (one: unknown) => {
    writer.tag(id, wireType);
    writeValue(layout, field, one, writer);
  };
  if (rule === "map") {
    const entry = entryLayout(field);
    for (const [key, held] of Object.entries(value as object)) {
      writer.tag(id, wireType);
      writeHeld(entry, { key, value: held }, writer);
    }
  } else if (rule === "repeated") {
    const values = value as readonly unknown[];
    if (wireType === LENGTH_DELIMITED) values.forEach(write);
    else if (values.length > 0) {
      const packed = written((inner) => {
        for (const one of values) writeValue(layout, field, one, inner);
      });
      writer.tag(id, LENGTH_DELIMITED);
      writer.bytes(packed);
    }
  } else if (rule === "optional" || layout.oneof !== undefined || !isDefault(field, value)) write(value);
}

/** Absent on the wire. */
function isDefault({ kind, type }: FieldLayout, value: unknown): boolean {
  if (kind === "message") return false;
  if (kind === "enum") return value === enums[type as keyof typeof enums][0];
  return type === "bytes" ? (value as Uint8Array).length === 0 : Object.is(value, 0) || value === "" || value === false;
}

function writeValue(layout: MessageLayout, field: FieldLayout, value: unknown, writer: WireWriter): void {
  const { kind, type } = field;
  if (kind === "message") writeHeld(layouts[type as keyof typeof layouts], value as object, writer);
  else if (kind === "enum") writer.uint32((enums[type as keyof typeof enums] as readonly unknown[]).indexOf(value));
  else {
    checkInteger(layout, field, value);
    writer[type as Scalar](value as never);
  }
}

/** A message within another. */
function writeHeld(layout: MessageLayout, message: object, writer: WireWriter): void {
  writer.bytes(written((inner) => writeMessage(layout, message, inner)));
}

/** What is written to a writer of its own. */
function written(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter();
  write(writer);
  return writer.finish();
}

/** Throws REQUEST_INVALID where `value` is an integer field's and not an integer that it holds. */
export function checkInteger(layout: MessageLayout, { name, type }: FieldLayout, value: unknown): void {
  const range = RANGES[type];
  if (range === undefined) return;
  const [lowest, highest] = range;
  if (Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest) return;
  const want = `an integer from ${lowest} to ${highest}`;
  throw new PatchstreamError({ code: "REQUEST_INVALID", field: `${layout.name}.${name}`, got: String(value), want });
}
