/** Three numbers in axis order Z, Y, X (nnU-Net's order after transposition): sizes in voxels unless the name says mm. */
export type Zyx = readonly [z: number, y: number, x: number];

/** Voxels along an axis of an image, at most: what is kept for each of them is small beside any volume then. */
export const MOST_ALONG_AXIS = 2 ** 16;

/** Voxels in a box of `size` (Z,Y,X). */
export function voxelCount(size: Zyx): number {
  return size[0] * size[1] * size[2];
}
