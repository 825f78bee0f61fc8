import type { ImageType, LabelType } from "../plan/index.js";

/** A tensor as it travels. */
export interface WireTensor<Type extends string> {
  readonly type: Type;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** An image's values as float32 in (B,C,Z,Y,X), whatever type and layout it travelled in. */
export function imageValues(
  image: WireTensor<ImageType>,
  channelsLast: boolean,
): { shape: number[]; values: Float32Array } {
  const values = float32Values(image);
  if (!channelsLast) return { shape: [...image.shape], values };
  const [samples, z, y, x, channels] = image.shape as [number, number, number, number, number];
  const voxels = z * y * x;
  const moved = new Float32Array(values.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let c = 0; c < channels; c++) {
      const to = (sample * channels + c) * voxels;
      for (let i = 0; i < voxels; i++) moved[to + i] = values[(sample * voxels + i) * channels + c] as number;
    }
  }
  return { shape: [samples, channels, z, y, x], values: moved };
}

/** A label's values as int16. */
export function labelValues({ type, bytes }: WireTensor<LabelType>): Int16Array {
  return type === "u8" ? Int16Array.from(bytes) : new Int16Array(bytes.slice().buffer);
}

function float32Values({ type, bytes }: WireTensor<ImageType>): Float32Array {
  const own = bytes.slice().buffer;
  switch (type) {
    case "f32":
      return new Float32Array(own);
    case "f16":
      return Float32Array.from(new Uint16Array(own), f16Value);
    case "bf16":
      return new Float32Array(Uint32Array.from(new Uint16Array(own), (bits) => bits << 16).buffer);
  }
}

/** The number that the bits of an IEEE half stand for. */
function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}
