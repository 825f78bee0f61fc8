import type { Scalar } from "../../proto/layout.js";
import { varintBytes, writeVarint } from "./varint.js";

/** Writes protobuf's wire format, one value after the other; a method a scalar, named as the .proto files do. */
export class WireWriter implements Record<Scalar, (value: never) => void> {
  #bytes = Buffer.allocUnsafe(64);
  #length = 0;

  tag(id: number, wireType: number): void {
    this.#varint(id * 8 + wireType);
  }

  uint32(value: number): void {
    this.#varint(value);
  }

  uint64(value: number): void {
    this.#varint(value);
  }

  /** A negative one is written as an int64, in ten bytes. */
  int32(value: number): void {
    if (value >= 0) this.#varint(value);
    else {
      const at = this.#take(10);
      const bits = BigInt.asUintN(64, BigInt(value));
      for (let i = 0; i < 10; i++) this.#bytes[at + i] = Number((bits >> BigInt(7 * i)) & 127n) | (i < 9 ? 128 : 0);
    }
  }

  bool(value: boolean): void {
    this.#varint(value ? 1 : 0);
  }

  fixed32(value: number): void {
    const at = this.#take(4);
    this.#bytes.writeUInt32LE(value, at);
  }

  double(value: number): void {
    const at = this.#take(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  string(value: string): void {
    this.bytes(Buffer.from(value));
  }

  /** Length-delimited: bytes, or a message that was written elsewhere. */
  bytes(value: Uint8Array): void {
    this.#varint(value.length);
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
  }

  /** What was written, as a view. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #varint(value: number): void {
    const at = this.#take(varintBytes(value));
    writeVarint(this.#bytes, at, value);
  }

  /** Makes room for `count` bytes; where they begin. */
  #take(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    return start;
  }
}
