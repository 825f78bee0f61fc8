import { PatchstreamError } from "../../plan/errors.js";
import { checkedFields, type Messages } from "../../proto/messages.js";
import { patchstream, type StaticEnum } from "./static-messages.js";

type Plain = Record<string, unknown>;

/** What a field of whole numbers holds. JavaScript's numbers hold 53 bits. */
const RANGES: { readonly [type: string]: readonly [lowest: number, highest: number] } = {
  uint32: [0, 2 ** 32 - 1],
  fixed32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  sint32: [-(2 ** 31), 2 ** 31 - 1],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** Looks at the value of an enum's field that is there. */
type EnumCheck = (message: Plain, field: string, value: unknown, values: StaticEnum, where: string) => void;

/**
 * Holds a message that protobufjs is to write to the types of the .proto files: protobufjs alone cuts a number to its field's bits, and
 * leaves out a name that an enum does not have. Throws REQUEST_INVALID naming message and field.
 */
export function checkSent(name: keyof Messages, message: object): void {
  checkFields(name, message as Plain, (_message, _field, value, values, where) => {
    if (typeof value === "string" && Object.hasOwn(values, value)) return;
    throw new PatchstreamError({
      code: "REQUEST_INVALID",
      field: where,
      got: value,
      want: Object.keys(values).join(" or "),
    });
  });
}

/**
 * Holds a message that protobufjs has read to our types: an enum's value of a later version, which protobufjs leaves as a number, becomes
 * the enum's zero. Throws REQUEST_INVALID naming message and field for a whole number beyond 2^53 - 1.
 */
export function checkReceived(name: keyof Messages, message: Plain): void {
  checkFields(name, message, (holder, field, value, values) => {
    if (typeof value === "number") holder[field] = values[0];
  });
}

/** As `checkReceived` for a request: a value that its enum does not have is refused too, with its number. */
export function checkReceivedRequest(name: keyof Messages, message: Plain): void {
  checkFields(name, message, (_holder, field, value, values) => {
    if (typeof value !== "number") return;
    const [, ...known] = Object.keys(values);
    throw new PatchstreamError({ code: "REQUEST_INVALID", field, got: value, want: known.join(" or ") });
  });
}

function checkFields(name: keyof Messages, message: Plain, checkEnum: EnumCheck): void {
  for (const [field, type] of checkedFields[name]) {
    const value = message[field];
    if (value === undefined || value === null) continue;
    const where = `${name}.${field}`;
    const range = RANGES[type];
    if (range !== undefined) {
      if (typeof value !== "object") checkWholeNumber(value, range, where);
      else for (const one of Array.isArray(value) ? value : Object.values(value)) checkWholeNumber(one, range, where);
    } else if (isMessage(type))
      for (const one of Array.isArray(value) ? value : [value]) checkFields(type, one as Plain, checkEnum);
    else checkEnum(message, field, value, patchstream.v1[type] as StaticEnum, where);
  }
}

function isMessage(type: string): type is keyof Messages {
  return type in checkedFields;
}

function checkWholeNumber(value: unknown, [lowest, highest]: readonly [number, number], field: string): void {
  if (Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest) return;
  const want = `an integer from ${lowest} to ${highest}`;
  throw new PatchstreamError({ code: "REQUEST_INVALID", field, got: String(value), want });
}
