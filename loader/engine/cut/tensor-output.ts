import type { TensorPlace } from "../../../plan/batch/tensors.js";
import type { Slab } from "./slabs.js";

/** Values of a tensor in its wire type. */
export type WireValues = Float32Array | Uint16Array | Uint8Array | Int16Array;

/** Called when a batch's bytes `start` to `end` (outside), of its tensor number `tensor`, have been written. */
export type Wrote = (tensor: number, start: number, end: number) => void;

/** A tensor of a batch that is being cut, laid out (samples, channels, voxels) or, channels-last, (samples, voxels, channels). */
export interface TensorOutput<Values extends WireValues> {
  /** All of it, in the batch. */
  readonly values: Values;
  /** Where kernels write a slab of a channel of a sample: its place in the batch, or part of `spare` where they cannot. */
  target(sample: number, channel: number, slab: Slab, spare: Values): Values;
  /** To be called with that slab, written: copies it to its place if it lies elsewhere. Channels of a slab come in order. */
  put(sample: number, channel: number, slab: Slab, made: Values): void;
  /** To be called when `count` values from number `start` on were written in another way. */
  wrote(start: number, count: number): void;
}

export interface TensorShape {
  readonly channels: number;
  /** Voxels of a patch. */
  readonly voxels: number;
  readonly isChannelsLast: boolean;
}

export interface OutputOptions {
  /** Number of the tensor in the batch. */
  readonly tensor: number;
  /** Whether the batch lies in the memory that kernels write to. */
  readonly isDirect: boolean;
  readonly wrote: Wrote | undefined;
}

/** Where a tensor goes. */
export function tensorOutput<Values extends WireValues>(
  values: Values,
  { offset }: TensorPlace<string, string>,
  { channels, voxels, isChannelsLast }: TensorShape,
  { tensor, isDirect, wrote }: OutputOptions,
): TensorOutput<Values> {
  const bytesPerValue = values.BYTES_PER_ELEMENT;
  const tell = (start: number, count: number) =>
    wrote?.(tensor, offset + start * bytesPerValue, offset + (start + count) * bytesPerValue);
  if (isChannelsLast) {
    return {
      values,
      target: (_sample, _channel, slab, spare) => spare.subarray(0, slab.voxels) as Values,
      put(sample, channel, slab, made) {
        const start = (sample * voxels + slab.start) * channels;
        for (let i = 0; i < slab.voxels; i++) values[start + i * channels + channel] = made[i] as number;
        if (channel === channels - 1) tell(start, slab.voxels * channels);
      },
      wrote: tell,
    };
  }
  const placeOf = (start: number, count: number) => values.subarray(start, start + count) as Values;
  return {
    values,
    target: (sample, channel, slab, spare) =>
      isDirect
        ? placeOf((sample * channels + channel) * voxels + slab.start, slab.voxels)
        : (spare.subarray(0, slab.voxels) as Values),
    put(sample, channel, slab, made) {
      const start = (sample * channels + channel) * voxels + slab.start;
      // `set` copies between shared memories one word at a time
      const isThere = isDirect && made.byteOffset === values.byteOffset + start * bytesPerValue;
      if (!isThere) bytesOf(placeOf(start, slab.voxels)).fill(bytesOf(made));
      tell(start, slab.voxels);
    },
    wrote: tell,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: WireValues): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
