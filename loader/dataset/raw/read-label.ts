import { PatchstreamError } from "../../../plan/errors.js";
import type { Zyx } from "../../../plan/zyx.js";
import { readImage } from "./read-image.js";

/** A label as its file has it. */
export interface LabelVolume {
  /** (Z,Y,X). */
  readonly shape: Zyx;
  readonly values: Uint16Array;
  readonly spacingMm: Zyx;
  /** Row-major 4x4 voxel (x,y,z) to world (mm). */
  readonly affine: readonly number[];
}

const LARGEST = 2 ** 16 - 1;

/** Reads the label in `path`, whatever its values mean. Throws INPUT_DAMAGED naming the file. */
export async function readLabelFile(path: string): Promise<LabelVolume> {
  const { header, voxels } = await readImage(path, "stop");
  const [channels, ...shape] = header.shape;
  const refused = (reason: string, want: string) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file: path, reason, want });
  if (channels !== 1) throw refused(`it has ${channels} channels`, "a 3-D label");
  const wrong = voxels.find((value) => !(Number.isInteger(value) && value >= 0 && value <= LARGEST));
  if (wrong !== undefined)
    throw refused(`it holds the value ${wrong}`, `a label of whole numbers from 0 to ${LARGEST}`);
  return { shape, values: Uint16Array.from(voxels), spacingMm: header.spacingMm, affine: header.affine };
}
