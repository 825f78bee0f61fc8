import type { Geometry } from "../dataset.js";
import { LAYOUTS, labelHeader, UINT8 } from "./label-header.js";

/** NIfTI's codes: mm, and an sform in the scanner's coordinates. */
const MILLIMETRES = 2;
const SCANNER = 1;
/** NIfTI-1 has 16 bits for a size. */
const MOST_OF_NIFTI1 = 2 ** 15 - 1;

/** `labelHeader` of a source of which no NIfTI header is kept: what its geometry says, in numbers as ITK writes them. */
function headerOfGrid({ originalShape: [z, y, x], originalSpacingMm, affine }: Geometry): Uint8Array {
  const dims = [3, x, y, z, 1, 1, 1, 1];
  const steps = [1, ...originalSpacingMm.toReversed()];
  const layout = LAYOUTS[Math.max(z, y, x) > MOST_OF_NIFTI1 ? 540 : 348];
  const image = new Uint8Array(layout.voxelsAt);
  image.set(Buffer.from(layout.magic.text, "latin1"), layout.magic.at);
  const to = new DataView(image.buffer);
  if (layout.version === 1) {
    to.setInt32(0, 348, true);
    for (const [i, size] of dims.entries()) to.setInt16(40 + 2 * i, size, true);
    to.setInt16(70, UINT8, true);
    for (const [i, step] of steps.entries()) to.setFloat32(76 + 4 * i, step, true);
    to.setUint8(123, MILLIMETRES);
    to.setInt16(254, SCANNER, true);
    for (const [i, value] of affine.slice(0, 12).entries()) to.setFloat32(280 + 4 * i, value, true);
  } else {
    to.setInt32(0, 540, true);
    to.setInt16(12, UINT8, true);
    for (const [i, size] of dims.entries()) to.setBigInt64(16 + 8 * i, BigInt(size), true);
    for (const [i, step] of steps.entries()) to.setFloat64(104 + 8 * i, step, true);
    to.setInt32(348, SCANNER, true);
    for (const [i, value] of affine.slice(0, 12).entries()) to.setFloat64(400 + 8 * i, value, true);
    to.setInt32(500, MILLIMETRES, true);
  }
  return labelHeader(image);
}

/** The header of a label of a stored case on its source's grid. */
export function labelHeaderOf(geometry: Geometry): Uint8Array {
  const { labelHeader: kept } = geometry;
  return kept === undefined ? headerOfGrid(geometry) : Buffer.from(kept, "base64");
}
