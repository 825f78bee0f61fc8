import { inputDamaged } from "../input-damaged.js";
import { promisedItkValues, readItk } from "../itk/read-itk.js";
import type { Nonfinite } from "../nifti/decode-voxels.js";
import { parseHeader } from "../nifti/header.js";
import { type NiftiVolume, readHeaderBytes, readNifti } from "../nifti/read-nifti.js";

/** How the names of images end that can be read. */
export const IMAGE_ENDINGS = [".nii.gz", ".nii", ".mha", ".mhd", ".nrrd", ".nhdr"] as const;

const NIFTI = /\.nii(\.gz)?$/i;
const ITK = /\.(mha|mhd|nrrd|nhdr)$/i;

/** Reads an image of any of the formats, which its name tells; anything else is tried as NIfTI. Throws INPUT_DAMAGED or ENGINE_MISSING. */
export function readImage(path: string, nonfinite: Nonfinite): Promise<NiftiVolume> {
  return isItk(path) ? readItk(path, nonfinite) : readNifti(path, nonfinite);
}

/** Whether ITK reads this file: MetaImage or NRRD by its name. */
export function isItk(path: string): boolean {
  return ITK.test(path);
}

/** Voxels times channels that the header of an image promises. Throws INPUT_DAMAGED naming the file. */
export async function promisedValues(path: string): Promise<number> {
  if (isItk(path)) return promisedItkValues(path);
  try {
    return parseHeader(await readHeaderBytes(path)).shape.reduce((product, size) => product * size);
  } catch (error) {
    throw inputDamaged(path, error);
  }
}

/** The ending of an image's file name, "" where it has none that is known. */
export function imageEnding(path: string): string {
  return (NIFTI.exec(path) ?? ITK.exec(path))?.[0] ?? "";
}
