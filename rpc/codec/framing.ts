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

/** A message that ends with many bytes, which a socket takes from where they lie. */
export interface ChunkFrame extends Frame {
  /** What comes before `data`. */
  readonly head: Buffer;
  readonly data: Uint8Array;
}

export function isChunkFrame(frame: Frame): frame is ChunkFrame {
  return "head" in frame && "data" in frame;
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
export function chunkFrame(step: number, offset: number, data: Uint8Array): ChunkFrame {
  const inner =
    (step === 0 ? 0 : 1 + varintBytes(step)) +
    (offset === 0 ? 0 : 1 + varintBytes(offset)) +
    (data.length === 0 ? 0 : 1 + varintBytes(data.length) + data.length);
  const head = Buffer.allocUnsafe(1 + varintBytes(inner) + inner - data.length);
  head[0] = CHUNK_TAG;
  let at = writeVarint(head, 1, inner);
  if (step !== 0) {
    head[at++] = STEP_TAG;
    at = writeVarint(head, at, step);
  }
  if (offset !== 0) {
    head[at++] = OFFSET_TAG;
    at = writeVarint(head, at, offset);
  }
  if (data.length > 0) {
    head[at++] = DATA_TAG;
    writeVarint(head, at, data.length);
  }
  return {
    head,
    data,
    byteLength: head.length + data.length,
    copy(target, start) {
      const dataAt = start + head.copy(target, start);
      // `set` goes byte by byte where `data` is shared and lies otherwise to 8 bytes; `fill` refuses no bytes.
      if (data.length > 0) target.fill(data, dataAt, dataAt + data.length);
    },
  };
}

/** A chunk as received: `data` is a view on the message, to be copied out once. */
export interface ReceivedChunk {
  readonly step: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The longest head that `chunkFrame` writes: three tags, the step and three numbers below 2^53. */
export const LONGEST_CHUNK_HEAD = 1 + 8 + 1 + 5 + 1 + 8 + 1 + 8;

/** What stands before the data of a chunk. */
export interface ChunkHead {
  readonly step: number;
  readonly offset: number;
  /** Bytes of the message before the data, and of the data. */
  readonly headBytes: number;
  readonly dataBytes: number;
}

/**
 * Reads the head of a message that `chunkFrame` wrote and that has `messageBytes` in all, from its first bytes: all of them, or
 * `LONGEST_CHUNK_HEAD`. Undefined where it is anything else (another message, or a chunk whose fields come in another order:
 * protobufjs reads those).
 */
export function readChunkHead(bytes: Uint8Array, messageBytes: number): ChunkHead | undefined {
  if (bytes[0] !== CHUNK_TAG) return undefined;
  const cursor = { at: 1 };
  const inner = readVarint(bytes, cursor);
  if (inner === undefined || cursor.at + inner !== messageBytes) return undefined;
  let step = 0;
  let offset = 0;
  if (bytes[cursor.at] === STEP_TAG) {
    cursor.at++;
    const read = readVarint(bytes, cursor);
    if (read === undefined || read > 0xffffffff) return undefined;
    step = read;
  }
  if (bytes[cursor.at] === OFFSET_TAG) {
    cursor.at++;
    const read = readVarint(bytes, cursor);
    if (read === undefined) return undefined;
    offset = read;
  }
  if (cursor.at === messageBytes) return { step, offset, headBytes: messageBytes, dataBytes: 0 };
  if (bytes[cursor.at++] !== DATA_TAG) return undefined;
  const length = readVarint(bytes, cursor);
  if (length === undefined || cursor.at + length !== messageBytes) return undefined;
  return { step, offset, headBytes: cursor.at, dataBytes: length };
}

/** As `readChunkHead`, of a whole message. */
export function readChunkFrame(message: Uint8Array): ReceivedChunk | undefined {
  const head = readChunkHead(message, message.length);
  return head && { step: head.step, offset: head.offset, data: message.subarray(head.headBytes) };
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
