import { PatchstreamError } from "../../plan/errors.js";
import { type ChunkHead, LONGEST_CHUNK_HEAD, readChunkHead } from "../codec/framing.js";
import { LAST, MESSAGE, PREFIX_BYTES } from "./lane-frame.js";

/** Where the data of a chunk goes as it arrives. */
export interface ChunkMemory {
  /** As many bytes as the chunk has. */
  readonly bytes: Uint8Array;
  /** So many more of them are filled. */
  filled(count: number): void;
}

/** What a reader tells. */
export interface LaneReaderEvents {
  /** A whole message. */
  message(bytes: Buffer): void;
  /** The message that ends a call in order; from the server it is its status. */
  last(bytes: Buffer): void;
  /** An empty message: the other side lives. */
  alive?(): void;
  /** A chunk begins; undefined: its data is read and not kept. Absent: chunks are messages like all others. */
  chunk?(head: ChunkHead): ChunkMemory | undefined;
}

/** Read at once of what is not the data of a chunk. */
const SCRATCH_BYTES = 16 << 10;

/**
 * Takes a lane apart into messages. The data of a chunk is read straight to where it belongs: `nextBuffer` says where the socket shall
 * put what comes next, and `read` is told how much came. What comes in pieces of its own goes to `push`.
 */
export class LaneReader {
  readonly #events: LaneReaderEvents;
  /** Of messages that are not chunks. */
  mostMessageBytes: number;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** The prefix of a message, and for a chunk its head. */
  readonly #start = Buffer.alloc(PREFIX_BYTES + LONGEST_CHUNK_HEAD);
  #startBytes = 0;
  /** What is being filled. */
  #target: ChunkMemory | undefined;
  #filled = 0;
  /** Bytes that are read past. */
  #skipping = 0;
  #isOver = false;

  constructor(events: LaneReaderEvents, mostMessageBytes: number) {
    this.#events = events;
    this.mostMessageBytes = mostMessageBytes;
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isOver = true;
    this.#target = undefined;
  }

  /** Where the next bytes go. Never empty: a socket takes that for an error. */
  nextBuffer(): Uint8Array {
    return this.#target?.bytes.subarray(this.#filled) ?? this.#scratch;
  }

  /** So many bytes have come to where `nextBuffer` said. Throws MESSAGE_DAMAGED. */
  read(count: number): void {
    if (this.#isOver) return;
    if (this.#target !== undefined) this.#fill(count);
    else this.push(this.#scratch.subarray(0, count));
  }

  /** Throws MESSAGE_DAMAGED for what is no lane. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#isOver) {
      const rest = bytes.length - at;
      if (this.#skipping > 0) {
        const count = Math.min(rest, this.#skipping);
        this.#skipping -= count;
        at += count;
      } else if (this.#target !== undefined) {
        const count = Math.min(rest, this.#target.bytes.length - this.#filled);
        this.#target.bytes.set(bytes.subarray(at, at + count), this.#filled);
        this.#fill(count);
        at += count;
      } else at += this.#pushStart(bytes.subarray(at));
    }
  }

  #fill(count: number): void {
    const target = this.#target as ChunkMemory;
    this.#filled += count;
    if (this.#filled === target.bytes.length) this.#target = undefined;
    target.filled(count);
  }

  #receive(target: ChunkMemory): void {
    this.#filled = 0;
    this.#target = target;
  }

  /** Takes what is missing of the start of a message; how many bytes that were. */
  #pushStart(bytes: Uint8Array): number {
    const missing = this.#startSize() - this.#startBytes;
    const taken = Math.min(missing, bytes.length);
    this.#start.set(bytes.subarray(0, taken), this.#startBytes);
    this.#startBytes += taken;
    // With the prefix the size of the head is known, too.
    if (this.#startBytes === this.#startSize()) {
      const start = this.#start.subarray(0, this.#startBytes);
      this.#startBytes = 0;
      this.#begin(start);
    }
    return taken;
  }

  /** Bytes of the start of the message that is being read, as far as they are known. */
  #startSize(): number {
    if (this.#startBytes < PREFIX_BYTES) return PREFIX_BYTES;
    if (this.#events.chunk === undefined || this.#start[0] !== MESSAGE) return PREFIX_BYTES;
    return PREFIX_BYTES + Math.min(this.#start.readUInt32BE(1), LONGEST_CHUNK_HEAD);
  }

  #begin(start: Buffer): void {
    const flags = start[0];
    const length = start.readUInt32BE(1);
    if (flags !== MESSAGE && flags !== LAST) throw damaged(`a message with flags ${flags}`);
    if (flags === MESSAGE && length === 0) {
      this.#events.alive?.();
      return;
    }
    const known = start.subarray(PREFIX_BYTES);
    const head = known.length > 0 ? readChunkHead(known, length) : undefined;
    if (head !== undefined) this.#beginChunk(head, known);
    else {
      if (length > this.mostMessageBytes)
        throw damaged(`a message of ${length} bytes, where ${this.mostMessageBytes} are the most,`);
      this.#beginMessage(flags, length, known);
    }
  }

  #beginChunk(head: ChunkHead, known: Buffer): void {
    const memory = this.#events.chunk?.(head);
    if (head.dataBytes === 0) return;
    if (memory === undefined) this.#skipping = head.dataBytes;
    else this.#receive(memory);
    this.push(known.subarray(head.headBytes));
  }

  #beginMessage(flags: number, length: number, known: Buffer): void {
    const bytes = Buffer.allocUnsafeSlow(length);
    const tell = () => {
      if (flags === LAST) this.#events.last(bytes);
      else this.#events.message(bytes);
    };
    if (length === 0) {
      tell();
      return;
    }
    let missing = length;
    const filled = (count: number) => {
      missing -= count;
      if (missing === 0) tell();
    };
    this.#receive({ bytes, filled });
    this.push(known);
  }
}

function damaged(what: string): PatchstreamError {
  return new PatchstreamError({ code: "MESSAGE_DAMAGED", what });
}
