import { varintBytes, writeVarint } from "./varint.js";

/**
 * A message that is written straight into gRPC's frame. grpc-js takes any object with `byteLength` and
 * `copy(target, offset)` from a serializer and copies it once; a plain Uint8Array would end the call with INTERNAL.
 */
export interface Frame {
  readonly byteLength: number;
  /** Writes the frame to `target` from `offset` on. */
  copy(target: Buffer, offset: number): void;
}

/** Bytes of tensor data in a chunk: below gRPC's 4 MiB message limit, large enough for full speed. */
export const CHUNK_BYTES = 1 << 20;

/** Field 2 (`chunk`), length-delimited: the same number in StreamResponse, GetBatchResponse and ReadCaseResponse. */
const CHUNK_TAG = (2 << 3) | 2;
const STEP_TAG = (1 << 3) | 0;
const OFFSET_TAG = (2 << 3) | 0;
const DATA_TAG = (3 << 3) | 2;

/**
 * Frames `{ chunk: { step, offset, data } }` by hand: a protobufjs Chunk costs a quarter of the throughput. The bytes equal
 * protobufjs's own. `data` is read when gRPC copies it, which may be up to the callback of the write: its memory must stay
 * as it is until then.
 */
export function chunkFrame(step: number, offset: number, data: Uint8Array): Frame {
  const inner =
    (step === 0 ? 0 : 1 + varintBytes(step)) +
    (offset === 0 ? 0 : 1 + varintBytes(offset)) +
    (data.length === 0 ? 0 : 1 + varintBytes(data.length) + data.length);
  return {
    byteLength: 1 + varintBytes(inner) + inner,
    copy(target, start) {
      let at = start;
      target[at++] = CHUNK_TAG;
      at = writeVarint(target, at, inner);
      if (step !== 0) {
        target[at++] = STEP_TAG;
        at = writeVarint(target, at, step);
      }
      if (offset !== 0) {
        target[at++] = OFFSET_TAG;
        at = writeVarint(target, at, offset);
      }
      if (data.length === 0) return;
      target[at++] = DATA_TAG;
      at = writeVarint(target, at, data.length);
      target.fill(data, at, at + data.length); // `set` goes byte by byte where `data` is shared and lies otherwise to 8 bytes.
    },
  };
}

/** A chunk as received: `data` is a view on the message, to be copied out once. */
export interface ReceivedChunk {
  readonly step: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Reads a message that `chunkFrame` wrote, or undefined where it is anything else (another message, or a chunk whose fields
 * come in another order: protobufjs reads those).
 */
export function readChunkFrame(message: Uint8Array): ReceivedChunk | undefined {
  if (message[0] !== CHUNK_TAG) return undefined;
  const cursor = { at: 1 };
  const inner = readVarint(message, cursor);
  if (inner === undefined || cursor.at + inner !== message.length) return undefined;
  let step = 0;
  let offset = 0;
  if (message[cursor.at] === STEP_TAG) {
    cursor.at++;
    const read = readVarint(message, cursor);
    if (read === undefined || read > 0xffffffff) return undefined;
    step = read;
  }
  if (message[cursor.at] === OFFSET_TAG) {
    cursor.at++;
    const read = readVarint(message, cursor);
    if (read === undefined) return undefined;
    offset = read;
  }
  if (cursor.at === message.length) return { step, offset, data: message.subarray(cursor.at) };
  if (message[cursor.at++] !== DATA_TAG) return undefined;
  const length = readVarint(message, cursor);
  if (length === undefined || cursor.at + length !== message.length) return undefined;
  return { step, offset, data: message.subarray(cursor.at) };
}

/** The varint at the cursor, which moves past it; undefined when it is cut short or beyond 2^53 - 1. */
function readVarint(bytes: Uint8Array, cursor: { at: number }): number | undefined {
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return undefined;
    value += (byte & 127) * scale;
    if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
  }
  return undefined;
}
