import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { MIRROR_Z } from "../../kernels/kernels.js";

/** Voxels of a slab: few enough that its bytes, in the volume and in the batch, fit a core's own cache. */
const SLAB_VOXELS = 1 << 16;

/** Neighbouring planes of a patch, along Z, as they lie in the batch. */
export interface Slab {
  /** First plane of the box that the slab is cut from: where Z is not mirrored, and where it is. */
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

/** First plane of the box that a slab is cut from when the axes that `mirrored` flags are mirrored. */
export function sourcePlane({ plane, mirroredPlane }: Slab, mirrored: number): number {
  return (mirrored & MIRROR_Z) === 0 ? plane : mirroredPlane;
}

/** The values of a whole patch that a slab of it consists of; a view. */
export function valuesOf<Values extends Float32Array | Int16Array>(patch: Values, { start, voxels }: Slab): Values {
  return voxels === patch.length ? patch : (patch.subarray(start, start + voxels) as Values);
}
