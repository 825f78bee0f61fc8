import type { Slab } from "./slabs.js";
import type { TensorPlace } from "./tensors.js";

/** Values of a tensor as they travel. */
export type WireValues = Float32Array | Uint16Array | Uint8Array | Int16Array;

/** Told that a batch's bytes `start` to `end` (outside), of its tensor number `tensor`, are written. */
export type Wrote = (tensor: number, start: number, end: number) => void;

/** Which planes of a batch: a channel's of a sample. */
export interface SlabPlace {
  readonly sample: number;
  readonly channel: number;
  readonly slab: Slab;
}

/** A tensor of a batch that is being cut, laid out (samples, channels, voxels) or, channels-last, (samples, voxels, channels). */
export interface TensorOutput<Values extends WireValues> {
  /** All of it, in the batch. */
  readonly values: Values;
  /**
   * Lets `fill` write a slab: straight to the batch where that lies in the kernels' memory, or to `spare`, from where it is
   * copied. Channels of a slab come in order.
   */
  write(place: SlabPlace, spare: Values, fill: (target: Values) => void): void;
  /** `count` values from number `start` on were written by other means. */
  wrote(start: number, count: number): void;
}

export interface TensorShape {
  readonly channels: number;
  /** Voxels of a patch. */
  readonly voxels: number;
  readonly isChannelsLast: boolean;
}

/** Where a tensor goes. `isDirect`: the batch lies in the kernels' memory. */
export function tensorOutput<Values extends WireValues>(
  values: Values,
  { offset }: TensorPlace<string, string>,
  { channels, voxels, isChannelsLast }: TensorShape,
  { tensor, isDirect, wrote }: { readonly tensor: number; readonly isDirect: boolean; readonly wrote: Wrote },
): TensorOutput<Values> {
  const bytesPerValue = values.BYTES_PER_ELEMENT;
  const tell = (start: number, count: number) =>
    wrote(tensor, offset + start * bytesPerValue, offset + (start + count) * bytesPerValue);
  const filled = (spare: Values, count: number, fill: (target: Values) => void) => {
    const made = spare.subarray(0, count) as Values;
    fill(made);
    return made;
  };
  const writePlanes: TensorOutput<Values>["write"] = ({ sample, channel, slab }, spare, fill) => {
    const start = (sample * channels + channel) * voxels + slab.start;
    const target = values.subarray(start, start + slab.voxels) as Values;
    if (isDirect) fill(target);
    else bytesOf(target).fill(bytesOf(filled(spare, slab.voxels, fill))); // `set` copies shared memory a word at a time
    tell(start, slab.voxels);
  };
  const writeInterleaved: TensorOutput<Values>["write"] = ({ sample, channel, slab }, spare, fill) => {
    const made = filled(spare, slab.voxels, fill);
    const start = (sample * voxels + slab.start) * channels;
    for (let i = 0; i < slab.voxels; i++) values[start + i * channels + channel] = made[i] as number;
    if (channel === channels - 1) tell(start, slab.voxels * channels);
  };
  return { values, write: isChannelsLast ? writeInterleaved : writePlanes, wrote: tell };
}

function bytesOf({ buffer, byteOffset, byteLength }: WireValues): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
