import { PatchstreamError } from "../../plan/errors.js";
import { layouts, type Messages } from "../../proto/messages.js";
import { readMessage } from "./decode-message.js";
import { writeMessage } from "./encode-message.js";
import { WireWriter } from "./wire-writer.js";

export type MessageName = keyof Messages & string;

/** Turns one kind of message into bytes and back. */
export interface Codec<Message> {
  /** Throws REQUEST_INVALID for an integer that its field does not hold. */
  encode(message: Message): Buffer;
  /** Absent fields read as zero, empty or null (optional ones stay absent); throws REQUEST_INVALID for bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
}

/**
 * The codec of a message, by its name in the .proto files. It reads and writes by the tables in `messages.ts`: protobufjs's
 * reflection parses the .proto files in every process. With it the heap of a client's transport thread is above the 8 MiB from which V8
 * marks it for each few batches that are received, which cost a quarter of the client's processor time; with protobufjs's reader and
 * writer alone it is so most of the time.
 */
export function codec<Name extends MessageName>(name: Name): Codec<Messages[Name]> {
  const layout = layouts[name];
  return {
    encode(message) {
      const writer = new WireWriter();
      writeMessage(layout, message, writer);
      return writer.finish();
    },
    decode(bytes) {
      try {
        return readMessage(layout, bytes) as unknown as Messages[Name];
      } catch (cause) {
        if (cause instanceof PatchstreamError) throw cause;
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new PatchstreamError(
          { code: "REQUEST_INVALID", field: name, got: `${bytes.length} bytes (${reason})`, want: `a ${name} message` },
          undefined,
          { cause },
        );
      }
    },
  };
}
