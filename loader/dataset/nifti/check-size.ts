import { contentBytes, HeaderRefused, type NiftiHeader } from "./header.js";

/** A volume of this many voxels fills an arena (4 GiB of float32). */
const MOST_VOXELS = 2 ** 30;
/** Deflate cannot pack more than this many bytes into one (zlib's documentation). */
export const DEFLATE_RATIO = 1032;

/** Refuses what a file cannot hold before any memory is taken for it. Throws HeaderRefused. */
export function checkSize(header: NiftiHeader, fileBytes: number, compressed: boolean): void {
  const count = header.shape.reduce((a, b) => a * b);
  if (count > MOST_VOXELS)
    throw new HeaderRefused(`its header gives it ${count} voxels`, `at most ${MOST_VOXELS} voxels`);
  const bytes = contentBytes(header);
  if (compressed && bytes > fileBytes * DEFLATE_RATIO) {
    const reason = `its header promises ${bytes} bytes, which ${fileBytes} compressed ones cannot hold`;
    throw new HeaderRefused(reason, "whole");
  }
  if (!compressed && bytes > fileBytes) {
    throw new HeaderRefused(
      `${bytes - fileBytes} bytes of voxels are missing`,
      `${bytes} bytes long, as its header says`,
    );
  }
}
