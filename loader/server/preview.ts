import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { SlotLease } from "../engine/engine.js";

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
/** How strongly a class's colour covers the image. */
const OVERLAY = 0.45;

interface Picture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * A batch as PNG: a tile a sample (at most 64), its middle Z slice of channel 0, grey from the slice's smallest to its
 * largest value, labels in colour. The batch must be cut as f32 and i16, channels first.
 */
export async function previewPng(batch: SlotLease, classes: readonly number[]): Promise<Buffer> {
  const { rgb, width, height } = drawBatch(batch, classes);
  const { default: sharp } = await import("sharp");
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

function drawBatch({ tensors: [image, label], bytes }: SlotLease, classes: readonly number[]): Picture {
  const [samples, channels, z, y, x] = image.shape as [number, number, number, number, number];
  const size: Zyx = [z, y, x];
  const images = new Float32Array(bytes.buffer, bytes.byteOffset + image.offset, image.byteLength / 4);
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset + label.offset, label.byteLength / 2);
  const shown = Math.min(samples, MOST_SAMPLES);
  const columns = Math.ceil(Math.sqrt(shown));
  const zoom = Math.max(1, Math.ceil(SMALLEST_TILE / Math.max(y, x)));
  const [tileHeight, tileWidth] = [y * zoom + GAP, x * zoom + GAP];
  const [height, width] = [Math.ceil(shown / columns) * tileHeight, columns * tileWidth];
  const rgb = new Uint8Array(height * width * 3);
  const slice = Math.floor(z / 2) * y * x;
  for (let sample = 0; sample < shown; sample++) {
    const from = sample * voxelCount(size);
    const tile = drawSlice(
      images.subarray(from * channels + slice, from * channels + slice + y * x),
      labels.subarray(from + slice, from + slice + y * x),
      classes,
    );
    const [top, left] = [Math.floor(sample / columns) * tileHeight, (sample % columns) * tileWidth];
    for (let row = 0; row < y * zoom; row++) {
      for (let column = 0; column < x * zoom; column++) {
        const voxel = (Math.floor(row / zoom) * x + Math.floor(column / zoom)) * 3;
        rgb.set(tile.subarray(voxel, voxel + 3), ((top + row) * width + left + column) * 3);
      }
    }
  }
  return { rgb, width, height };
}

/** RGB of each voxel of a slice. */
function drawSlice(image: Float32Array, label: Int16Array, classes: readonly number[]): Uint8Array {
  let [low, high] = [Infinity, -Infinity];
  for (const value of image) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const rgb = new Uint8Array(image.length * 3);
  for (let i = 0; i < image.length; i++) {
    const grey = ((image[i] as number) - low) * scale;
    const colour = COLOURS[classes.indexOf(label[i] as number) % COLOURS.length];
    for (const channel of [0, 1, 2] as const)
      rgb[3 * i + channel] = colour === undefined ? grey : grey * (1 - OVERLAY) + colour[channel] * OVERLAY;
  }
  return rgb;
}
