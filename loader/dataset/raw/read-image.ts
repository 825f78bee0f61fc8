import { readItk } from "../itk/read-itk.js";
import type { Nonfinite } from "../nifti/decode-voxels.js";
import { type NiftiVolume, readNifti } from "../nifti/read-nifti.js";

/** How the names of images end that can be read. */
export const IMAGE_ENDINGS = [".nii.gz", ".nii", ".mha", ".mhd", ".nrrd", ".nhdr"] as const;

const NIFTI = /\.nii(\.gz)?$/i;
const ITK = /\.(mha|mhd|nrrd|nhdr)$/i;

/** Reads an image of any of the formats, which its name tells; anything else is tried as NIfTI. Throws INPUT_DAMAGED or ENGINE_MISSING. */
export function readImage(path: string, nonfinite: Nonfinite): Promise<NiftiVolume> {
  return ITK.test(path) ? readItk(path, nonfinite) : readNifti(path, nonfinite);
}

/** The ending of an image's file name, "" where it has none that is known. */
export function imageEnding(path: string): string {
  return (NIFTI.exec(path) ?? ITK.exec(path))?.[0] ?? "";
}
