/** Sizes of a NIfTI header with the four bytes after it, and where it says how a voxel is stored (nifti1.h, nifti2.h). */
const LAYOUTS: Readonly<Record<number, { readonly datatypeAt: number; readonly bitsAt: number }>> = {
  352: { datatypeAt: 70, bitsAt: 72 },
  544: { datatypeAt: 12, bitsAt: 14 },
};

/** NIfTI's code. */
const UINT16 = 512;

/** The label as a file has it: uint8, or uint16 where a value is 255 or more (nnU-Net, simpleitk_reader_writer.py). */
export function narrowLabel(label: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  return label.some((value) => value >= 255) ? Uint16Array.from(label) : Uint8Array.from(label);
}

/**
 * The NIfTI file of `label` (Z,Y,X, C order) in pieces: `header`, which is that of a uint8 label on the same grid, and the voxels as
 * `narrowLabel` has them. Throws RangeError for a header that is none.
 */
export function labelFile(header: Uint8Array, label: Uint8Array | Uint16Array): Uint8Array[] {
  const layout = LAYOUTS[header.length];
  if (layout === undefined) throw new RangeError(`a NIfTI header has 352 or 544 bytes, not ${header.length}`);
  const narrow = narrowLabel(label);
  if (narrow instanceof Uint8Array) return [header, narrow];
  const wide = Uint8Array.from(header);
  const view = new DataView(wide.buffer);
  const little = view.getInt32(0, true) === header.length - 4;
  view.setInt16(layout.datatypeAt, UINT16, little);
  view.setInt16(layout.bitsAt, 16, little);
  const swapped = (value: number) => ((value & 0xff) << 8) | (value >> 8);
  return [wide, new Uint8Array((little ? narrow : narrow.map(swapped)).buffer)];
}
