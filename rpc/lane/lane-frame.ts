/**
 * The lane's framing is gRPC's own: a byte of flags and the length of the message, big-endian in four bytes, before each message. As in
 * grpc-web the flag 0x80 marks the status that ends a call. An empty message says that its sender lives.
 */
/** What stands behind the path of a server's Unix socket for its lane's. */
export const LANE_SUFFIX = ".lane";

export const PREFIX_BYTES = 5;
export const MESSAGE = 0;
export const LAST = 0x80;

/** What stands before a message of so many bytes. */
export function prefixOf(flags: typeof MESSAGE | typeof LAST, length: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix[0] = flags;
  prefix.writeUInt32BE(length, 1);
  return prefix;
}
