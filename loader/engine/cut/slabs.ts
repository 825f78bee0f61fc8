import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { type Grid, MIRROR_Z } from "../../kernels/kernels.js";

/** Voxels of a slab: few enough that its bytes, in the volume and in the batch, fit a core's own cache. */
const SLAB_VOXELS = 1 << 16;

/** Neighbouring planes of a patch, along Z, as they lie in the batch. */
export interface Slab {
  /** First plane of the patch before mirroring that the slab is made of: where Z is not mirrored, and where it is. */
  readonly plane: number;
  readonly mirroredPlane: number;
  /** (Z,Y,X) */
  readonly size: Zyx;
  readonly voxels: number;
  /** Voxels of the patch before them. */
  readonly start: number;
}

/** A patch of `size` in slabs, in order. */
export function slabsOf([depth, height, width]: Zyx): Slab[] {
  const most = Math.max(1, Math.floor(SLAB_VOXELS / (height * width)));
  const slabs: Slab[] = [];
  for (let plane = 0; plane < depth; plane += most) {
    const planes = Math.min(most, depth - plane);
    slabs.push({
      plane,
      mirroredPlane: depth - plane - planes,
      size: [planes, height, width],
      voxels: planes * height * width,
      start: plane * height * width,
    });
  }
  return slabs;
}

/** All of a patch as one slab. */
export function wholePatch(size: Zyx): Slab {
  return { plane: 0, mirroredPlane: 0, size, voxels: voxelCount(size), start: 0 };
}

/** First plane that a slab is made of when the axes that `mirrored` flags are mirrored. */
export function sourcePlane({ plane, mirroredPlane }: Slab, mirrored: number): number {
  return (mirrored & MIRROR_Z) === 0 ? plane : mirroredPlane;
}

/** The planes of a whole patch, as it is before it is mirrored, that a slab is made of; a view. */
export function planesOf<Values extends Float32Array | Int16Array>(
  patch: Values,
  slab: Slab,
  mirrored: number,
): Grid<Values> {
  const { size, voxels } = slab;
  const start = sourcePlane(slab, mirrored) * size[1] * size[2];
  return { values: voxels === patch.length ? patch : (patch.subarray(start, start + voxels) as Values), size };
}
