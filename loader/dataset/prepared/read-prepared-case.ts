import { PatchstreamError } from "../../../plan/errors.js";
import { foregroundValues } from "../../../plan/label-set.js";
import type { Zyx } from "../../../plan/zyx.js";
import { IMAGE_ENDINGS, imageEnding, readImage } from "../raw/read-image.js";
import { farthestApartVoxels, PLACE_TOLERANCE_VOXELS, toLabels } from "../raw/read-raw-case.js";
import { permute } from "../volume.js";
import type { PreparedCaseHeader, PreparedDataset } from "./prepared-dataset.js";
import type { StatedBytes } from "./stated-bytes.js";

/** Voxels of a case and channel: what an arena holds. */
const MOST_VOXELS = 2 ** 30;

/** A case's arrays as they came, checked. */
export interface PreparedArrays {
  /** (C,Z,Y,X). */
  readonly image: Float32Array;
  /** (Z,Y,X). */
  readonly label: Int16Array;
  /** (n,3) of each class, in C order of the volume. */
  readonly locations: readonly Uint32Array[];
}

/**
 * Reads the arrays behind a case's line: image float32 (C,Z,Y,X), label int16 (Z,Y,X), then uint32 (n,3) of each class; little-endian,
 * C order. Throws INPUT_DAMAGED for a value that no prepared case has, StreamEnded.
 */
export async function readPreparedArrays(
  bytes: StatedBytes,
  header: PreparedCaseHeader,
  dataset: PreparedDataset,
): Promise<PreparedArrays> {
  const { shape, locationCounts, source } = header;
  const [channels, z, y, x] = shape;
  const size: Zyx = [z, y, x];
  const voxels = z * y * x;
  if (channels * voxels > MOST_VOXELS)
    throw damaged(source, `it has ${channels * voxels} voxels`, `of at most ${MOST_VOXELS}`);
  const image = new Float32Array(channels * voxels);
  await bytes.fill(new Uint8Array(image.buffer));
  const label = new Int16Array(voxels);
  await bytes.fill(new Uint8Array(label.buffer));
  const locations: Uint32Array[] = [];
  for (const count of locationCounts) {
    if (count > voxels) throw damaged(source, `a class has ${count} locations`, `at most ${voxels}, its voxels`);
    const places = new Uint32Array(3 * count);
    await bytes.fill(new Uint8Array(places.buffer));
    locations.push(inOrder(places, size, source));
  }
  if (!image.every(Number.isFinite)) throw damaged(source, "its image holds a NaN or infinity", "finite");
  const most = Math.max(...foregroundValues(dataset), dataset.ignoreLabel ?? 0);
  const wrong = label.find((value) => value < -1 || value > most);
  if (wrong !== undefined) throw damaged(source, `its label holds ${wrong}`, `-1 to ${most}, as in dataset.json`);
  return { image, label, locations };
}

/** Locations sorted as a volume's voxels lie in memory: who made them may have drawn them in any order. */
function inOrder(places: Uint32Array, [z, y, x]: Zyx, source: string): Uint32Array {
  const offsets = new Float64Array(places.length / 3);
  for (let row = 0; row < offsets.length; row++) {
    const [atZ, atY, atX] = places.subarray(3 * row, 3 * row + 3) as unknown as Zyx;
    if (atZ >= z || atY >= y || atX >= x)
      throw damaged(source, `a location is ${atZ},${atY},${atX}`, `inside its ${z}x${y}x${x} voxels`);
    offsets[row] = (atZ * y + atY) * x + atX;
  }
  offsets.sort();
  const sorted = new Uint32Array(places.length);
  for (const [row, offset] of offsets.entries())
    sorted.set([Math.floor(offset / (y * x)), Math.floor(offset / x) % y, offset % x], 3 * row);
  return sorted;
}

/** What is known of a case's original grid. */
export interface OriginalGrid {
  readonly affine: readonly number[];
  /** The label on it, where its file can be read and lies on that grid. */
  readonly reference?: Int16Array;
}

/**
 * Reads the label on the original grid. It is left out where its file has a format that is not read here, another size or another
 * place than the image had: nnU-Net's reader may have turned the image. Throws INPUT_DAMAGED for a file that is damaged.
 */
export async function readOriginalGrid(
  header: PreparedCaseHeader,
  sourceValues: readonly number[],
): Promise<OriginalGrid> {
  const { reference, originalShape, originalSpacingMm: spacing } = header;
  const unplaced = [spacing[2], 0, 0, 0, 0, spacing[1], 0, 0, 0, 0, spacing[0], 0, 0, 0, 0, 1];
  const affine = header.affine ?? unplaced;
  const isReadable = reference !== undefined && IMAGE_ENDINGS.some((ending) => ending === imageEnding(reference));
  if (!isReadable) return { affine };
  const { header: found, voxels } = await readImage(reference, "stop");
  const isSameSize = found.shape[0] === 1 && originalShape.every((size, axis) => size === found.shape[axis + 1]);
  if (!isSameSize) return { affine };
  const known = { affine: header.affine ?? found.affine, spacingMm: spacing };
  if (farthestApartVoxels(found, known) > PLACE_TOLERANCE_VOXELS) return { affine };
  return { affine: known.affine, reference: toLabels(reference, voxels, sourceValues) };
}

/** Throws INPUT_DAMAGED unless the crop box lies within the transposed source. */
export function checkCrop({ source, originalShape, cropStart, cropEnd }: PreparedCaseHeader, transpose: Zyx): void {
  const shape = permute(originalShape, transpose);
  const isInside = shape.every((size, axis) => {
    const [start, end] = [cropStart[axis] as number, cropEnd[axis] as number];
    return start < end && end <= size;
  });
  if (!isInside)
    throw damaged(source, `its crop is ${cropStart} to ${cropEnd}`, `a box inside ${shape}, its size before the crop`);
}

function damaged(file: string, reason: string, want: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want });
}
