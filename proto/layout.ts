/** How a message lies on the wire. */
export interface MessageLayout {
  readonly name: string;
  /** The field that names which one of the others is there; absent where all may be. */
  readonly oneof?: string;
  readonly fields: readonly FieldLayout[];
}

export interface FieldLayout {
  readonly name: string;
  readonly id: number;
  readonly rule: "single" | "optional" | "repeated" | "map";
  readonly kind: "scalar" | "enum" | "message";
  /** A scalar's type, or the name of an enum or a message. */
  readonly type: string;
}

/** The wire type in the low bits of a tag. */
export const VARINT = 0;
export const LENGTH_DELIMITED = 2;

/** The wire types of the scalars that the .proto files use. */
export const SCALARS = {
  uint32: VARINT,
  int32: VARINT,
  uint64: VARINT,
  bool: VARINT,
  double: 1,
  string: LENGTH_DELIMITED,
  bytes: LENGTH_DELIMITED,
  fixed32: 5,
} as const;

export type Scalar = keyof typeof SCALARS;

/** The wire type of one value of a field; several numbers of a repeated one may also be packed into one length-delimited value. */
export function wireTypeOf({ kind, type, rule }: FieldLayout): number {
  if (kind === "message" || rule === "map") return LENGTH_DELIMITED;
  return kind === "enum" ? VARINT : SCALARS[type as Scalar];
}

/** A map by strings is a list of such messages on the wire. */
export function entryLayout(map: FieldLayout): MessageLayout {
  const key = { name: "key", id: 1, rule: "single", kind: "scalar", type: "string" } as const;
  return { name: map.name, fields: [key, { ...map, name: "value", id: 2, rule: "single" }] };
}
