import type { Zyx } from "../../plan/zyx.js";
import type { SlotLease } from "../engine/engine.js";
import { PLANES } from "./layout.js";

/** One plane of a sample, (height, width): `image` of one channel, and `label`. */
export interface Slice {
  readonly image: Float32Array;
  readonly label: Int16Array;
  readonly height: number;
  readonly width: number;
}

/**
 * The three planes through the middle of the first sample of a batch that was cut as f32 and i16 with channels first. Where a plane has
 * more voxels than `pixels` (Z,Y,X), those are left out that no pixel shows. The copy can go to another thread, which the memory of 4
 * GiB that batches lie in cannot (V8 refuses to read a view on it).
 */
export function middleSlices({ tensors: [image, label], bytes }: SlotLease, channel: number, pixels: Zyx): Slice[] {
  const [, , ...size] = image.shape as [number, number, number, number, number];
  const [z, y, x] = size;
  const voxels = z * y * x;
  const images = new Float32Array(bytes.buffer, bytes.byteOffset + image.offset + 4 * channel * voxels, voxels);
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset + label.offset, voxels);
  const strides: Zyx = [y * x, x, 1];
  return PLANES.map(({ down, right }) => {
    const through = (3 - down - right) as 0 | 1 | 2;
    const first = Math.floor(size[through] / 2) * strides[through];
    const [height, width] = [Math.min(size[down], pixels[down]), Math.min(size[right], pixels[right])];
    const slice = { image: new Float32Array(height * width), label: new Int16Array(height * width), height, width };
    for (let row = 0, at = 0; row < height; row++) {
      const rowStart = first + Math.floor((row * size[down]) / height) * strides[down];
      for (let column = 0; column < width; column++, at++) {
        const voxel = rowStart + Math.floor((column * size[right]) / width) * strides[right];
        slice.image[at] = images[voxel] as number;
        slice.label[at] = labels[voxel] as number;
      }
    }
    return slice;
  });
}
