import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { SlotLease } from "../engine/engine.js";

/** A batch that was cut as f32 and i16, channels first. */
export type DrawnBatch = Pick<SlotLease, "tensors" | "bytes">;

/** Colours (RGB) of the foreground classes in order; they repeat after the last. */
const COLOURS = [
  [230, 75, 53],
  [77, 187, 213],
  [0, 160, 135],
  [243, 155, 127],
  [132, 145, 180],
  [145, 209, 194],
] as const;

const MOST_SAMPLES = 64;
const GAP = 2;
/** Patches smaller than this on a side are shown with each voxel as a square of several pixels. */
const SMALLEST_TILE = 96;
/** Of larger patches every second (third, ...) voxel is shown, so that a picture stays below 4200 pixels on a side. */
const LARGEST_TILE = 512;
/** How strongly a class's colour covers the image. */
const OVERLAY = 0.45;

export interface Picture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * A batch as a picture: a tile for each sample (at most 64), its middle Z slice of channel 0, grey from the slice's smallest to its largest
 * value, labels in colour.
 */
export function drawBatch({ tensors: [image, label], bytes }: DrawnBatch, classes: readonly number[]): Picture {
  const [samples, channels, z, y, x] = image.shape as [number, number, number, number, number];
  const size: Zyx = [z, y, x];
  const images = new Float32Array(bytes.buffer, bytes.byteOffset + image.offset, image.byteLength / 4);
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset + label.offset, label.byteLength / 2);
  const shown = Math.min(samples, MOST_SAMPLES);
  const columns = Math.ceil(Math.sqrt(shown));
  const scale = tileScale(y, x);
  const [tileHeight, tileWidth] = [Math.ceil(y * scale), Math.ceil(x * scale)];
  const [rowPitch, columnPitch] = [tileHeight + GAP, tileWidth + GAP];
  const [height, width] = [Math.ceil(shown / columns) * rowPitch, columns * columnPitch];
  const rgb = new Uint8Array(height * width * 3);
  const slice = Math.floor(z / 2) * y * x;
  for (let sample = 0; sample < shown; sample++) {
    const from = sample * voxelCount(size);
    const colourOf = sliceColours(
      images.subarray(from * channels + slice, from * channels + slice + y * x),
      labels.subarray(from + slice, from + slice + y * x),
      classes,
    );
    const [top, left] = [Math.floor(sample / columns) * rowPitch, (sample % columns) * columnPitch];
    for (let row = 0; row < tileHeight; row++) {
      for (let column = 0; column < tileWidth; column++) {
        const voxel = Math.floor(row / scale) * x + Math.floor(column / scale);
        colourOf(voxel, rgb, ((top + row) * width + left + column) * 3);
      }
    }
  }
  return { rgb, width, height };
}

/** Pixels a voxel takes on each axis: several for small patches, a fraction of one for large ones. */
function tileScale(y: number, x: number): number {
  const side = Math.max(y, x);
  return side > LARGEST_TILE ? 1 / Math.ceil(side / LARGEST_TILE) : Math.max(1, Math.ceil(SMALLEST_TILE / side));
}

/** A function that writes the colour of a voxel of a slice to `rgb` at `at`. */
function sliceColours(image: Float32Array, label: Int16Array, classes: readonly number[]) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of image) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return (voxel: number, rgb: Uint8Array, at: number) => {
    const grey = ((image[voxel] as number) - low) * scale;
    const colour = COLOURS[classes.indexOf(label[voxel] as number) % COLOURS.length];
    for (const channel of [0, 1, 2] as const)
      rgb[at + channel] = colour === undefined ? grey : grey * (1 - OVERLAY) + colour[channel] * OVERLAY;
  };
}
