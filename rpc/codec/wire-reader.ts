import { LENGTH_DELIMITED, type Scalar, VARINT } from "../../proto/layout.js";

/** Groups within groups that are skipped; protobufjs's limit. */
const DEEPEST_GROUP = 100;
const START_GROUP = 3;
const END_GROUP = 4;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads protobuf's wire format, one value after the other; a method a scalar, named as the .proto files do. Throws RangeError for bytes
 * that end too soon, and Error for what is no such value. Takes and refuses what protobufjs does, whose own reader with what it loads
 * makes the heap of a client's transport thread large enough for V8 to mark it again and again.
 */
export class WireReader implements Record<Scalar, () => unknown> {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether all has been read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A field's number and its wire type. */
  tag(): { readonly id: number; readonly wireType: number } {
    const tag = this.#short(2 ** 32 - 1, "tag");
    const id = Math.floor(tag / 8);
    if (id === 0) throw new Error("a field has the number 0");
    return { id, wireType: tag & 7 };
  }

  /** The low 32 bits. */
  uint32(): number {
    return this.#varint().low;
  }

  int32(): number {
    return this.#varint().low | 0;
  }

  /** As a double, so that above 2^53 the last bits are lost. */
  uint64(): number {
    const { low, high } = this.#varint();
    return high * 2 ** 32 + low;
  }

  bool(): boolean {
    const { low, high } = this.#varint();
    return low !== 0 || high !== 0;
  }

  fixed32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Throws for bytes that are not UTF-8. */
  string(): string {
    return strictUtf8.decode(this.bytes());
  }

  /** A view. */
  bytes(): Uint8Array {
    const length = this.#short(2 ** 31 - 1, "length");
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Passes over the value of field `id`. */
  skip(wireType: number, id: number, depth = 0): void {
    if (depth > DEEPEST_GROUP) throw new Error(`groups are nested more than ${DEEPEST_GROUP} deep`);
    if (wireType === VARINT) while (this.#byte() >= 128);
    else if (wireType === 1) this.#take(8);
    else if (wireType === LENGTH_DELIMITED) this.bytes();
    else if (wireType === 5) this.#take(4);
    else if (wireType === START_GROUP) this.#skipGroup(id, depth);
    else throw new Error(`there is no wire type ${wireType}`);
  }

  #skipGroup(id: number, depth: number): void {
    for (;;) {
      const tag = this.tag();
      if (tag.wireType !== END_GROUP) this.skip(tag.wireType, tag.id, depth + 1);
      else if (tag.id === id) return;
      else throw new Error(`group ${id} ends as ${tag.id}`);
    }
  }

  /** Where `count` bytes begin, which are passed over. */
  #take(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.length)
      throw new RangeError(`${count} bytes are wanted at ${start} of ${this.#bytes.length}`);
    this.#at += count;
    return start;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** A varint of at most five bytes that is at most `largest`. */
  #short(largest: number, what: string): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128 && value <= largest) return value;
      if (byte < 128) break;
    }
    throw new Error(`a ${what} is larger than ${largest}`);
  }

  /** A varint of at most ten bytes, in two words of 32 bits. */
  #varint(): { readonly low: number; readonly high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      if (shift >= 32) high |= bits << (shift - 32);
      else if (shift > 25) high |= bits >>> (32 - shift);
      if (byte < 128) return { low: low >>> 0, high: high >>> 0 };
    }
    throw new Error("a number has more than ten bytes");
  }
}
