import { setImmediate } from "node:timers/promises";
import type { SlotLease } from "../engine/engine.js";

/** The middle Z slices that a picture shows: channel 0 of the image and the label, (samples, height, width). */
export interface ShownSlices {
  readonly image: Float32Array;
  readonly label: Int16Array;
  readonly samples: number;
  readonly height: number;
  readonly width: number;
}

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
 * Takes out of a batch, cut as f32 and i16 with channels first, what a picture of it shows: slices of the first 64 samples, of large
 * patches every second (third, ...) voxel. The copy can go to another thread, which the memory of 4 GiB that batches lie in cannot
 * (V8 refuses to read a view on it). Other calls are answered between two samples.
 */
export async function shownSlices({ tensors: [image, label], bytes }: SlotLease): Promise<ShownSlices> {
  const [all, channels, z, y, x] = image.shape as [number, number, number, number, number];
  const images = new Float32Array(bytes.buffer, bytes.byteOffset + image.offset, image.byteLength / 4);
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset + label.offset, label.byteLength / 2);
  const samples = Math.min(all, MOST_SAMPLES);
  const step = Math.ceil(Math.max(y, x) / LARGEST_TILE);
  const [height, width] = [Math.ceil(y / step), Math.ceil(x / step)];
  const shown = { image: new Float32Array(samples * height * width), label: new Int16Array(samples * height * width) };
  for (let sample = 0, at = 0; sample < samples; sample++) {
    const first = (sample * z + Math.floor(z / 2)) * y * x;
    const firstOfChannel = (sample * channels * z + Math.floor(z / 2)) * y * x;
    for (let row = 0; row < y; row += step) {
      for (let column = 0; column < x; column += step) {
        shown.image[at] = images[firstOfChannel + row * x + column] as number;
        shown.label[at++] = labels[first + row * x + column] as number;
      }
    }
    await setImmediate();
  }
  return { ...shown, samples, height, width };
}

/** Slices as a picture: a tile for each sample, grey from its smallest to its largest value, labels in colour. */
export function drawBatch({ image, label, samples, height, width }: ShownSlices, classes: readonly number[]): Picture {
  const columns = Math.ceil(Math.sqrt(samples));
  const zoom = Math.max(1, Math.ceil(SMALLEST_TILE / Math.max(height, width)));
  const [tileHeight, tileWidth] = [height * zoom, width * zoom];
  const [rowPitch, columnPitch] = [tileHeight + GAP, tileWidth + GAP];
  const picture = { width: columns * columnPitch, height: Math.ceil(samples / columns) * rowPitch };
  const rgb = new Uint8Array(picture.height * picture.width * 3);
  for (let sample = 0; sample < samples; sample++) {
    const [start, end] = [sample * height * width, (sample + 1) * height * width];
    const colourOf = sliceColours(image.subarray(start, end), label.subarray(start, end), classes);
    const [top, left] = [Math.floor(sample / columns) * rowPitch, (sample % columns) * columnPitch];
    for (let row = 0; row < tileHeight; row++) {
      for (let column = 0; column < tileWidth; column++) {
        const voxel = Math.floor(row / zoom) * width + Math.floor(column / zoom);
        colourOf(voxel, rgb, ((top + row) * picture.width + left + column) * 3);
      }
    }
  }
  return { rgb, ...picture };
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
