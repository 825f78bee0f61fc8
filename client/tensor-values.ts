import type { ImageType, LabelSet, LabelType } from "../plan/index.js";

/** A tensor as it travels. */
export interface WireTensor<Type extends string> {
  readonly type: Type;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What u8 labels hold where i16 labels hold -1: voxels that the loss leaves out. */
const IGNORED = 255;

/**
 * An image's values as float32 in (B,C,Z,Y,X), whatever type and layout it travelled in. Float32 that needs no moving is a
 * view on the tensor's own bytes where they are aligned, and ends with them.
 */
export function imageValues(
  image: WireTensor<ImageType>,
  channelsLast: boolean,
): { shape: number[]; values: Float32Array } {
  const values = floatValues(image);
  if (!channelsLast) return { shape: [...image.shape], values };
  const [samples, z, y, x, channels] = image.shape as [number, number, number, number, number];
  const shape = [samples, channels, z, y, x];
  return { shape, values: channelsFirst(values, samples, z * y * x, channels) };
}

/** A label's values as int16: its own bytes where they are int16 and aligned, a copy otherwise. */
export function labelValues({ type, bytes }: WireTensor<LabelType>): Int16Array {
  if (type === "u8") return Int16Array.from(bytes);
  const own = aligned(bytes, 2);
  return new Int16Array(own.buffer, own.byteOffset, own.byteLength / 2);
}

/** A label's values as uint8, 255 where the loss leaves them out: its own bytes where they are uint8, a copy otherwise. */
export function labelClasses(label: WireTensor<LabelType>): Uint8Array {
  if (label.type === "u8") return label.bytes;
  return Uint8Array.from(labelValues(label), (value) => (value < 0 ? IGNORED : value));
}

/**
 * A label as the targets of region-based training, nnU-Net's ConvertSegmentationToRegionsTransform: (B,R,Z,Y,X) uint8, 1 in each region
 * that a voxel belongs to. With an ignore label there is one channel more, last, 1 where the loss leaves a voxel out.
 */
export function regionTargets(
  label: WireTensor<LabelType>,
  { regions = [], ignoreLabel }: Pick<LabelSet, "regions" | "ignoreLabel">,
): { shape: number[]; values: Uint8Array } {
  const sets = regions.map(({ values }) => values);
  if (ignoreLabel !== undefined) sets.push([ignoreLabel]);
  const [samples, ...size] = label.shape as [number, number, number, number];
  const voxels = size.reduce((product, extent) => product * extent, 1);
  const stored = labelValues(label);
  const values = new Uint8Array(samples * sets.length * voxels);
  for (let sample = 0; sample < samples; sample++) {
    const of = stored.subarray(sample * voxels, (sample + 1) * voxels);
    for (const [channel, set] of sets.entries()) {
      const to = (sample * sets.length + channel) * voxels;
      for (const value of set) for (let i = 0; i < voxels; i++) if (of[i] === value) values[to + i] = 1;
    }
  }
  return { shape: [samples, sets.length, ...size], values };
}

/** `bytes`, moved to memory of their own where a typed array could not begin where they do. */
function aligned(bytes: Uint8Array, elementBytes: number): Uint8Array {
  return bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
}

/** (B,Z,Y,X,C) to (B,C,Z,Y,X), `samples` of `voxels` voxels each. */
function channelsFirst(values: Float32Array, samples: number, voxels: number, channels: number): Float32Array {
  if (channels === 1) return values;
  const moved = new Float32Array(values.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let channel = 0; channel < channels; channel++) {
      const to = (sample * channels + channel) * voxels;
      const from = sample * voxels * channels + channel;
      for (let voxel = 0; voxel < voxels; voxel++) moved[to + voxel] = values[from + voxel * channels] as number;
    }
  }
  return moved;
}

/** An image's values as float32, in the order in which they travelled: a view where they are aligned float32. */
export function floatValues({ type, bytes }: WireTensor<ImageType>): Float32Array {
  if (type === "f32") {
    const own = aligned(bytes, 4);
    return new Float32Array(own.buffer, own.byteOffset, own.byteLength / 4);
  }
  const own = aligned(bytes, 2);
  const words = new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2);
  if (type === "bf16") return new Float32Array(Uint32Array.from(words, (bits) => bits << 16).buffer);
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => f16Value(bits));
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = halves[words[i] as number] as number;
  return values;
}

/** The value of each of the 65,536 half-precision numbers; made when the first one is met. */
let halves: Float32Array | undefined;

/** The number that the bits of an IEEE half stand for. */
function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}
