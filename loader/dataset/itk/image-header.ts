import type { Zyx } from "../../../plan/zyx.js";
import { FLAT_SPACING_MM, HeaderRefused, type NiftiHeader } from "../nifti/header.js";

/** An image as @itk-wasm/image-io hands it over; axes in the order x, y, z, and t where there is one. */
export interface ItkImage {
  readonly imageType: {
    readonly componentType: string;
    readonly pixelType: string;
    /** Values a voxel. */
    readonly components: number;
  };
  readonly size: readonly number[];
  /** mm; the world is LPS: x to the left, y to the back, z up. */
  readonly spacing: readonly number[];
  readonly origin: readonly number[];
  /** Row-major: column i is the direction of axis i. */
  readonly direction: ArrayLike<number>;
  readonly data: ArrayBufferView | null;
}

/** NIfTI's datatype code for ITK's name of a type. */
const DATATYPES: Readonly<Record<string, NiftiHeader["datatype"]>> = {
  uint8: 2,
  int16: 4,
  int32: 8,
  float32: 16,
  float64: 64,
  int8: 256,
  uint16: 512,
  uint32: 768,
  int64: 1024,
  uint64: 1280,
};
const PIXEL_TYPES = ["Scalar", "Vector", "VariableLengthVector", "CovariantVector", "RGB", "RGBA"];

/**
 * The header that the same image has as NIfTI-1. Its numbers are rounded to float32 as ITK rounds them for that format, so that both give
 * the same store. The components of a voxel, or a fourth axis, are the channels. Throws HeaderRefused.
 */
export function headerOf({ imageType, size, spacing, origin, direction }: ItkImage): NiftiHeader {
  const { componentType, pixelType, components } = imageType;
  const datatype = DATATYPES[componentType];
  if (datatype === undefined || !PIXEL_TYPES.includes(pixelType)) {
    throw new HeaderRefused(`its voxels are ${pixelType} of ${componentType}`, "of an integer or real type");
  }
  const axes = size.length;
  const [x = 0, y = 0, z = 1, t = 1] = size;
  if (axes < 2 || axes > 4 || (t > 1 && components > 1)) {
    throw new HeaderRefused(
      `it has ${axes} dimensions and ${components} values a voxel`,
      "2-D, 3-D, or 4-D with channels last, or 3-D with its channels as a voxel's values",
    );
  }
  if (![x, y, z, t].every((count) => Number.isSafeInteger(count) && count > 0)) {
    throw new HeaderRefused(`its header gives it the size ${size.join("x")}`, "at least 1 on each axis");
  }
  const step = (axis: number) => (axis < axes ? Math.fround(spacing[axis] ?? Number.NaN) : 1);
  const spacingMm: Zyx = [axes === 2 ? FLAT_SPACING_MM : step(2), step(1), step(0)];
  if (!spacingMm.every((each) => Number.isFinite(each) && each > 0)) {
    throw new HeaderRefused(`its header gives it the spacing ${spacingMm.join("x")}`, "above 0 mm on each axis");
  }
  const affine = [0, 1, 2].flatMap((row) => {
    const toRas = row < 2 ? -1 : 1;
    const turn = (axis: number) =>
      row < axes && axis < axes ? (direction[row * axes + axis] ?? Number.NaN) : Number(row === axis);
    const column = (axis: number) => rounded(toRas * Math.fround(turn(axis)) * step(axis));
    return [column(0), column(1), column(2), rounded(toRas * (row < axes ? (origin[row] ?? Number.NaN) : 0))];
  });
  if (!affine.every(Number.isFinite)) throw new HeaderRefused("its affine holds a NaN or infinity", "finite");
  return {
    shape: [t * components, z, y, x],
    spacingMm,
    affine: [...affine, 0, 0, 0, 1],
    datatype,
    littleEndian: true,
    slope: 1,
    intercept: 0,
    voxelOffset: 0,
  };
}

/** As a float32, and 0 for -0. */
function rounded(value: number): number {
  return Math.fround(value) + 0;
}
