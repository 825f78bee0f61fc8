import { inputDamaged } from "../input-damaged.js";
import { labelHeader } from "../nifti/label-header.js";
import { readHeaderBytes } from "../nifti/read-nifti.js";
import { imageEnding } from "./read-image.js";

/** How the file of a label ends whose image ends with `imageEnding`: as the image, but one file where that has a header and voxels apart. */
export function labelEnding(image: string): string {
  const ending = imageEnding(image).toLowerCase();
  if (ending === ".mhd") return ".mha";
  return ending === ".nhdr" ? ".nrrd" : ending === "" ? ".nii.gz" : ending;
}

/** The header of a uint8 label that lies where the NIfTI file `image` lies. Throws INPUT_DAMAGED naming it. */
export async function readLabelHeader(image: string): Promise<Uint8Array> {
  try {
    return labelHeader(await readHeaderBytes(image));
  } catch (error) {
    throw inputDamaged(image, error);
  }
}
