import { chmodSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  makeFolder,
  moveIntoPlace,
  OWNER_ONLY_FILE,
  replaceFile,
  reportingFailure,
  UNFINISHED_PREFIX,
} from "../../../disk/write-file.js";
import { inputDamaged } from "../input-damaged.js";
import { writeLikeItk } from "../itk/write-itk.js";
import { labelNifti } from "../nifti/label-nifti.js";
import { readHeaderBytes } from "../nifti/read-nifti.js";
import { narrowLabel } from "./narrow-label.js";
import { imageEnding, isItk } from "./read-image.js";

/** How the file of a label ends whose image ends with `imageEnding`: as the image, but one file where that has a header and voxels apart. */
export function labelEnding(image: string): string {
  const ending = imageEnding(image).toLowerCase();
  if (ending === ".mhd") return ".mha";
  return ending === ".nhdr" ? ".nrrd" : ending === "" ? ".nii.gz" : ending;
}

/**
 * Writes `label` (Z,Y,X, C order) as a file of the same format and in the same place as `image`, whole or not at all. Throws WRITE_FAILED; INPUT_DAMAGED where `image` cannot be read
 * any more.
 */
export async function writeLabel(file: string, image: string, label: Uint8Array | Uint16Array): Promise<void> {
  const narrow = narrowLabel(label);
  if (isItk(image)) return writeItk(file, image, narrow);
  let pieces: Uint8Array[];
  try {
    pieces = labelNifti(await readHeaderBytes(image), narrow);
  } catch (error) {
    throw inputDamaged(image, error);
  }
  replaceFile(file, file.endsWith(".gz") ? [gzipSync(Buffer.concat(pieces))] : pieces);
}

async function writeItk(file: string, image: string, label: Uint8Array | Uint16Array): Promise<void> {
  makeFolder(dirname(file));
  const unfinished = join(dirname(file), `${UNFINISHED_PREFIX}${process.pid}-${basename(file)}`);
  try {
    await writeLikeItk(unfinished, image, label);
    reportingFailure(file, () => chmodSync(unfinished, OWNER_ONLY_FILE));
    moveIntoPlace(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
