import protobuf from "protobufjs/minimal.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import { checkReceived, checkReceivedRequest, checkSent } from "./check-fields.js";
import { patchstream } from "./static-messages.js";

/** The name of a message in the .proto files. */
export type MessageName = keyof Messages & string;

/** Turns one kind of message into bytes and back. */
export interface Codec<Message> {
  /** Throws REQUEST_INVALID for a whole number or an enum's name that its field does not hold. */
  encode(message: Message): Buffer;
  /**
   * Absent fields read as zero, empty or null (optional ones stay absent), an enum's value of a later version as its zero. Bytes fields are
   * views. Throws REQUEST_INVALID for bytes that are no such message, and for whole numbers beyond 2^53 - 1.
   */
  decode(bytes: Uint8Array): Message;
  /** As `decode`, but throws REQUEST_INVALID for an enum's value of a later version: a server cannot do what it does not know. */
  decodeRequest(bytes: Uint8Array): Message;
}

/** How `Messages` says what protobufjs has read. */
const PLAIN = { longs: Number, enums: String, defaults: true, oneofs: true } as const;

/** Strings as UTF-8 that every reader takes: protobufjs alone writes half a surrogate pair in three bytes that are not UTF-8. */
class Utf8Writer extends protobuf.BufferWriter {
  override string(value: string): this {
    return this.bytes(Buffer.from(value)) as this;
  }
}

/**
 * The codec of a message, by its name in the .proto files. protobufjs's static code reads and writes it; what that lets pass is checked here.
 *
 * Not protobufjs's reflection, which parses the .proto files in every process and needs several times the memory. It counts in a client's
 * transport thread: from 8 MiB of heap on V8 marks all of it every few batches. With grpc-js and protobufjs the thread is just above.
 */
export function codec<Name extends MessageName>(name: Name): Codec<Messages[Name]> {
  const type = patchstream.v1[name];
  const read = (bytes: Uint8Array, check: typeof checkReceived) => {
    try {
      const message = type.toObject(type.decode(bytes), PLAIN);
      check(name, message);
      return message as unknown as Messages[Name];
    } catch (cause) {
      if (cause instanceof PatchstreamError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PatchstreamError(
        { code: "REQUEST_INVALID", field: name, got: `${bytes.length} bytes (${reason})`, want: `a ${name} message` },
        undefined,
        { cause },
      );
    }
  };
  return {
    encode(message) {
      checkSent(name, message);
      return type.encode(type.fromObject(message), new Utf8Writer()).finish() as Buffer;
    },
    decode: (bytes) => read(bytes, checkReceived),
    decodeRequest: (bytes) => read(bytes, checkReceivedRequest),
  };
}
