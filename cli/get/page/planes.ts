import type { Zyx } from "../../../plan/index.js";

/** The planes of a volume: which axes (0 Z, 1 Y, 2 X) go down and to the right. */
export const PLANES = [
  { name: "axial", through: 0, down: 1, right: 2 },
  { name: "coronal", through: 1, down: 0, right: 2 },
  { name: "sagittal", through: 2, down: 0, right: 1 },
] as const;

export type Plane = (typeof PLANES)[number];

/** One plane of voxels, (height, width), no side longer than `MOST_SIDE`. */
export interface PlaneVoxels {
  readonly image: Float32Array;
  readonly label: Int16Array;
  readonly height: number;
  readonly width: number;
}

/** Where more voxels lie along a side, as many are left out as a picture of this size does not need. */
const MOST_SIDE = 256;

/** The plane at `at` along its third axis, of a volume of `size` (Z,Y,X). */
export function planeOf(
  { image, label }: { readonly image: Float32Array; readonly label: Int16Array },
  size: Zyx,
  { through, down, right }: Plane,
  at: number,
): PlaneVoxels {
  const strides: Zyx = [size[1] * size[2], size[2], 1];
  const [height, width] = [Math.min(size[down], MOST_SIDE), Math.min(size[right], MOST_SIDE)];
  const plane = { image: new Float32Array(height * width), label: new Int16Array(height * width), height, width };
  for (let row = 0, to = 0; row < height; row++) {
    const begin = at * strides[through] + Math.floor((row * size[down]) / height) * strides[down];
    for (let column = 0; column < width; column++, to++) {
      const voxel = begin + Math.floor((column * size[right]) / width) * strides[right];
      plane.image[to] = image[voxel] ?? 0;
      plane.label[to] = label[voxel] ?? 0;
    }
  }
  return plane;
}
