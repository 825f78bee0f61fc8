import type { Writer } from "protobufjs/minimal.js";
import { PatchstreamError } from "../plan/errors.js";
import {
  entryLayout,
  type FieldLayout,
  LENGTH_DELIMITED,
  type MessageLayout,
  type Scalar,
  wireTypeOf,
} from "./layout.js";
import { enums, layouts } from "./messages.js";

/** What may be in the integers. JavaScript's numbers hold 53 bits. */
const RANGES: { readonly [scalar: string]: readonly [lowest: number, highest: number] } = {
  uint32: [0, 2 ** 32 - 1],
  fixed32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** Writes a message's fields; throws REQUEST_INVALID for an integer that its field does not hold. */
export function writeMessage(layout: MessageLayout, message: object, writer: Writer): void {
  for (const field of layout.fields) {
    const value = (message as Readonly<Record<string, unknown>>)[field.name];
    if (value !== undefined && value !== null) writeField(layout, field, value, writer);
  }
}

function writeField(layout: MessageLayout, field: FieldLayout, value: unknown, writer: Writer): void {
  const wireType = wireTypeOf(field);
  const tag = (field.id << 3) | wireType;
  if (field.rule === "map") {
    const entry = entryLayout(field);
    for (const [key, held] of Object.entries(value as object)) {
      writer.uint32(tag).fork();
      writeMessage(entry, { key, value: held }, writer);
      writer.ldelim();
    }
  } else if (field.rule === "repeated") {
    const values = value as readonly unknown[];
    if (values.length === 0) return;
    if (wireType === LENGTH_DELIMITED) for (const one of values) writeValue(layout, field, one, writer.uint32(tag));
    else {
      writer.uint32((field.id << 3) | LENGTH_DELIMITED).fork();
      for (const one of values) writeValue(layout, field, one, writer);
      writer.ldelim();
    }
  } else if (field.rule === "optional" || layout.oneof !== undefined || !isDefault(field, value))
    writeValue(layout, field, value, writer.uint32(tag));
}

/** Absent on the wire. */
function isDefault({ kind, type }: FieldLayout, value: unknown): boolean {
  if (kind === "message") return false;
  if (kind === "enum") return value === enums[type as keyof typeof enums][0];
  return type === "bytes" ? (value as Uint8Array).length === 0 : Object.is(value, 0) || value === "" || value === false;
}

function writeValue(layout: MessageLayout, field: FieldLayout, value: unknown, writer: Writer): void {
  const { kind, type } = field;
  if (kind === "message") {
    writer.fork();
    writeMessage(layouts[type as keyof typeof layouts], value as object, writer);
    writer.ldelim();
  } else if (kind === "enum") writer.uint32((enums[type as keyof typeof enums] as readonly unknown[]).indexOf(value));
  else {
    checkInteger(layout, field, value);
    writer[type as Scalar](value as never);
  }
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
