import { parseHeader } from "./header.js";

/** Where the fields lie that a label takes over or sets (nifti1.h, nifti2.h), and what is kept as it is. */
export const LAYOUTS = {
  348: {
    version: 1,
    voxelsAt: 352,
    magic: { at: 344, text: "n+1\0" },
    kept: { pixdim: [76, 92], units: [123, 124], placement: [252, 328] },
  },
  540: {
    version: 2,
    voxelsAt: 544,
    magic: { at: 4, text: "n+2\0\r\n\x1a\n" },
    kept: { pixdim: [104, 136], units: [500, 504], placement: [344, 496] },
  },
} as const;

/** NIfTI's code. */
export const UINT8 = 2;

/**
 * The header (with its four bytes of no extension) of a uint8 label that lies where the image lies whose header begins with `image`:
 * its version, byte order, sizes, voxel sizes, units, qform and sform are the image's, bit by bit. Texts and everything else of the
 * image's header stay behind. Throws HeaderRefused.
 */
export function labelHeader(image: Uint8Array): Uint8Array {
  const { littleEndian: little, shape } = parseHeader(image);
  const from = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const layout = LAYOUTS[from.getInt32(0, little) as keyof typeof LAYOUTS];
  const bytes = new Uint8Array(layout.voxelsAt);
  const to = new DataView(bytes.buffer);
  for (const [start, end] of Object.values(layout.kept)) bytes.set(image.subarray(start, end), start);
  bytes.set(new TextEncoder().encode(layout.magic.text), layout.magic.at);
  const [, z, y, x] = shape;
  const rank = layout.version === 1 ? from.getInt16(40, little) : Number(from.getBigInt64(16, little));
  const dims = [Math.min(rank, 3), x, y, z, 1, 1, 1, 1];
  if (layout.version === 1) {
    to.setInt32(0, 348, little);
    bytes[38] = "r".charCodeAt(0);
    for (const [i, size] of dims.entries()) to.setInt16(40 + 2 * i, size, little);
    to.setInt16(70, UINT8, little);
    to.setInt16(72, 8, little);
    to.setFloat32(108, layout.voxelsAt, little);
    to.setFloat32(112, 1, little);
  } else {
    to.setInt32(0, 540, little);
    to.setInt16(12, UINT8, little);
    to.setInt16(14, 8, little);
    for (const [i, size] of dims.entries()) to.setBigInt64(16 + 8 * i, BigInt(size), little);
    to.setBigInt64(168, BigInt(layout.voxelsAt), little);
    to.setFloat64(176, 1, little);
  }
  return bytes;
}
