import type { SpatialTransform, Transform } from "../../../../plan/augment/transform.js";
import type { Zyx } from "../../../../plan/zyx.js";
import { sineCosine } from "../../../kernels/sine-cosine.js";
import type { Box } from "../source.js";

type Matrix = readonly [z: Zyx, y: Zyx, x: Zyx];

/** Whether a box is read turned or zoomed. */
export function isTurned(transforms: readonly Transform[]): boolean {
  return transforms.some(({ kind }) => kind === "spatial");
}

/** The sample points of a turned and zoomed box, counted from its first voxel; see `Kernels.warpImage`. */
export function spatialGrid(transform: SpatialTransform, size: Zyx): readonly number[] {
  const [z, y, x] = matrixOf(transform);
  const centre = centreOf(size);
  const start = [centre[0] - dot(z, centre), centre[1] - dot(y, centre), centre[2] - dot(x, centre)] as const;
  return [...start, z[0], y[0], x[0], z[1], y[1], x[1], z[2], y[2], x[2]];
}

/** The box that holds all voxels that a turned and zoomed box reads. */
export function boxAround(transform: SpatialTransform, { lower, size }: Box): Box {
  const centre = centreOf(size);
  const reach = matrixOf(transform).map((row) => dot(row.map(Math.abs) as unknown as Zyx, centre)) as unknown as Zyx;
  // one voxel more on each side than the exact points need: they are rounded
  const first = (axis: 0 | 1 | 2) => Math.floor(centre[axis] - reach[axis]) - 1;
  const extent = (axis: 0 | 1 | 2) => Math.floor(centre[axis] + reach[axis]) + 3 - first(axis);
  return {
    lower: [lower[0] + first(0), lower[1] + first(1), lower[2] + first(2)],
    size: [extent(0), extent(1), extent(2)],
  };
}

/** R2 R1 R0 S, see `SpatialTransform` (batchgeneratorsv2, `create_affine_matrix_3d`). */
function matrixOf({ anglesRad, scale, inPlane }: SpatialTransform): Matrix {
  const [sin0, cos0] = sineCosine(anglesRad[0]);
  if (inPlane) {
    return [
      [1, 0, 0],
      [0, cos0 * scale, -sin0 * scale],
      [0, sin0 * scale, cos0 * scale],
    ];
  }
  const [sin1, cos1] = sineCosine(anglesRad[1]);
  const [sin2, cos2] = sineCosine(anglesRad[2]);
  return [
    scaled([cos2 * cos1, cos2 * sin1 * sin0 - sin2 * cos0, cos2 * sin1 * cos0 + sin2 * sin0], scale),
    scaled([sin2 * cos1, sin2 * sin1 * sin0 + cos2 * cos0, sin2 * sin1 * cos0 - cos2 * sin0], scale),
    scaled([-sin1, cos1 * sin0, cos1 * cos0], scale),
  ];
}

function scaled([z, y, x]: Zyx, scale: number): Zyx {
  return [z * scale, y * scale, x * scale];
}

/** Half-way between the first voxel and the last. */
function centreOf(size: Zyx): Zyx {
  return [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2];
}

function dot(a: Zyx, b: Zyx): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
