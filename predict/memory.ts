import { totalmem } from "node:os";
import { PatchstreamError } from "../plan/index.js";

/** What labelling one image takes, in numbers of voxels. */
export interface ImageSize {
  /** Channels times voxels of the source. */
  readonly sourceValues: number;
  readonly channels: number;
}

export interface PreparedSize extends ImageSize {
  /** (C,Z,Y,X) at the model's spacing, within the crop. */
  readonly shape: readonly [channels: number, z: number, y: number, x: number];
  /** Outputs of the network. */
  readonly classes: number;
  /** Planes of a window along Z. */
  readonly patchDepth: number;
  /** Whether the probabilities of the whole source are made, too. */
  readonly probabilities: boolean;
}

const FLOAT_BYTES = 4;

/** The machine's memory, or what its container may use. */
export function machineBytes(): number {
  const most = process.constrainedMemory();
  return most > 0 ? Math.min(most, totalmem()) : totalmem();
}

/**
 * Bytes while an image is read and preprocessed: its values three times (as read, turned, cropped), and of each voxel 8 bytes for masks and
 * what an image without a label has in its place. Measured with one channel and with two: 95 % of it.
 */
export function readingBytes({ sourceValues, channels }: ImageSize): number {
  return 3 * FLOAT_BYTES * sourceValues + 8 * (sourceValues / channels);
}

/** Sums in work, planes that are finished, and those before them. */
const HELD_SLABS = 3;

/** Bytes a source voxel of the label: its values, as the file has them, and that file before it is written. */
const LABEL_BYTES = 6;

/**
 * Bytes while it is labelled: the image at the model's spacing, the logits of as many planes as a window has, and the label. The number
 * of classes counts for these planes alone, whatever the length of the volume, unless probabilities are made.
 */
export function labellingBytes(size: PreparedSize): number {
  const { sourceValues, channels, shape, classes, patchDepth, probabilities } = size;
  const [, z, y, x] = shape;
  const sourceVoxels = sourceValues / channels;
  const slab = FLOAT_BYTES * (classes + 1) * Math.min(z, patchDepth) * y * x;
  return (
    FLOAT_BYTES * channels * z * y * x +
    HELD_SLABS * slab +
    sourceVoxels * (LABEL_BYTES + (probabilities ? FLOAT_BYTES * classes : 0))
  );
}

/** Throws LIMIT_EXCEEDED with both numbers where `bytes` is above `limitBytes`. */
export function checkMemory(file: string, bytes: number, limitBytes: number): void {
  if (bytes <= limitBytes) return;
  const limit = `memory to label ${file}, in MiB,`;
  const mib = (each: number) => Math.ceil(each / 2 ** 20);
  throw new PatchstreamError(
    { code: "LIMIT_EXCEEDED", limit, got: mib(bytes), max: mib(limitBytes) },
    "Allow more with --memory, or label it on a machine that has it.",
  );
}
