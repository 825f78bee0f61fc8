import protobuf from "protobufjs/minimal.js";

/**
 * The messages of google.rpc that carry a failure's details (google/rpc/status.proto, google/rpc/error_details.proto), as far as
 * we use them. Three small messages whose fields will never change: they are written here and not generated.
 */
export interface GoogleStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly Detail[];
}

/** A google.protobuf.Any: a message of any type. */
export interface Detail {
  /** Full name of the message's type, such as `google.rpc.ErrorInfo`. */
  readonly type: string;
  readonly value: Uint8Array;
}

export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export const ERROR_INFO = "google.rpc.ErrorInfo";

const TYPE_PREFIX = "type.googleapis.com/";

/** Tag of a field whose value has a length before it. */
const bytesTag = (field: number): number => (field << 3) | 2;
const FIRST_AS_VARINT = 1 << 3;

export function encodeErrorInfo({ reason, domain, metadata }: ErrorInfo): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(bytesTag(1)).string(reason).uint32(bytesTag(2)).string(domain);
  for (const [name, value] of Object.entries(metadata)) {
    writer.uint32(bytesTag(3)).fork();
    writer.uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).string(value).ldelim();
  }
  return writer.finish();
}

export function encodeStatus({ code, message, details }: GoogleStatus): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32(FIRST_AS_VARINT).int32(code).uint32(bytesTag(2)).string(message);
  for (const { type, value } of details) {
    writer.uint32(bytesTag(3)).fork();
    writer.uint32(bytesTag(1)).string(`${TYPE_PREFIX}${type}`).uint32(bytesTag(2)).bytes(value).ldelim();
  }
  return Buffer.from(writer.finish());
}

/** The value of the first detail of a type in an encoded google.rpc.Status; undefined where there is none. Throws for bytes that are no such message. */
export function findDetail(status: Uint8Array, type: string): Uint8Array | undefined {
  const reader = protobuf.Reader.create(status);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag !== bytesTag(3)) reader.skipType(tag & 7);
    else {
      const detail = readDetail(reader.bytes());
      if (detail.type === type) return detail.value;
    }
  }
  return undefined;
}

function readDetail(bytes: Uint8Array): Detail {
  const reader = protobuf.Reader.create(bytes);
  let [type, value]: [string, Uint8Array] = ["", new Uint8Array()];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === bytesTag(1)) type = reader.string().split("/").at(-1) ?? "";
    else if (tag === bytesTag(2)) value = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return { type, value };
}
