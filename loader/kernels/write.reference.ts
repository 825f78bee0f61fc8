import { bf16Bits, f16Bits } from "./half-bits.reference.js";

export function writeF16(target: Uint16Array, source: Float32Array): void {
  for (const [i, value] of source.entries()) target[i] = f16Bits(bitsOf(value));
}

export function writeBf16(target: Uint16Array, source: Float32Array): void {
  for (const [i, value] of source.entries()) target[i] = bf16Bits(bitsOf(value));
}

export function writeLabelU8(target: Uint8Array, source: Int16Array): void {
  for (const [i, value] of source.entries()) target[i] = Math.min(Math.max(value, 0), 255);
}

export function writeLabelI16(target: Int16Array, source: Int16Array): void {
  for (const [i, value] of source.entries()) target[i] = Math.max(value, 0);
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}
