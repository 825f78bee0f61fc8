import { PatchstreamError } from "../plan/index.js";
import { labellingBytes as bytesOfLabelling, type LabelledSize } from "../trainer/index.js";

/** What labelling one image takes, in numbers of voxels. */
export interface ImageSize {
  /** Channels times voxels of the source. */
  readonly sourceValues: number;
  readonly channels: number;
}

export interface PreparedSize extends ImageSize {
  /** (C,Z,Y,X) at the model's spacing, within the crop. */
  readonly shape: LabelledSize["shape"];
  /** Whether the probabilities of the whole source are made, too. */
  readonly probabilities: boolean;
}

const FLOAT_BYTES = 4;

/**
 * Bytes while an image is read and preprocessed: its values three times (as read, turned, cropped), and of each voxel 8 bytes for masks and
 * what an image without a label has in its place. Measured with one channel and with two: 95 % of it.
 */
export function readingBytes({ sourceValues, channels }: ImageSize): number {
  return 3 * FLOAT_BYTES * sourceValues + 8 * (sourceValues / channels);
}

/** Bytes while an image that was read is resampled, which takes `resamplingBytes`: its values twice (as read, cropped), and its masks. */
export function preparingBytes({ sourceValues, channels }: ImageSize, resamplingBytes: number): number {
  return 2 * FLOAT_BYTES * sourceValues + 4 * (sourceValues / channels) + resamplingBytes;
}

/** Bytes a source voxel of the label beside the one that is made: its values, as the file has them, and that file before it is written. */
const FILE_BYTES = 5;

/** Bytes while an image is labelled here, beside the networks; the probabilities of all classes are held at once. */
export function labellingBytes(
  { sourceValues, channels, shape, probabilities }: PreparedSize,
  { classes, patchSize }: Pick<LabelledSize, "classes" | "patchSize">,
): number {
  const sourceVoxels = sourceValues / channels;
  return (
    bytesOfLabelling({ shape, sourceVoxels, classes, patchSize }) +
    sourceVoxels * (FILE_BYTES + (probabilities ? FLOAT_BYTES * classes : 0))
  );
}

/** Bytes here while a trainer labels an image: the image at the model's spacing, and the label. */
export function sendingBytes({ sourceValues, channels, shape }: PreparedSize): number {
  const image = shape.reduce((product, extent) => product * extent, FLOAT_BYTES);
  return image + (1 + FILE_BYTES) * (sourceValues / channels);
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
