import { gzipSync } from "node:zlib";
import { replaceFile } from "../disk/index.js";
import { isItk, readLabelHeader, writeItkLabel } from "../loader/index.js";
import { labelFile, narrowLabel } from "../trainer/index.js";

/**
 * Writes `label` (Z,Y,X, C order) as a file of the same format and in the same place as `image`, whole or not at all: as uint8, or uint16
 * where a value is 255 or more. Throws WRITE_FAILED; INPUT_DAMAGED where `image` cannot be read any more.
 */
export async function writeLabel(file: string, image: string, label: Uint8Array | Uint16Array): Promise<void> {
  if (isItk(image)) return writeItkLabel(file, image, narrowLabel(label));
  const pieces = labelFile(await readLabelHeader(image), label);
  replaceFile(file, file.endsWith(".gz") ? [gzipSync(Buffer.concat(pieces))] : pieces);
}
