import { chmodSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  makeFolder,
  moveIntoPlace,
  OWNER_ONLY_FILE,
  reportingFailure,
  UNFINISHED_PREFIX,
} from "../../../disk/write-file.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { inputDamaged } from "../input-damaged.js";
import { itkFiles, readImage, withConsole } from "./read-itk.js";

/**
 * Writes `label` (Z,Y,X) as a compressed file of the format that `file` ends with, whole or not at all, at the place of the MetaImage or
 * NRRD file `image`: spacing, origin and direction are its numbers. Throws INPUT_DAMAGED for `image`, WRITE_FAILED for `file`.
 */
export async function writeItkLabel(file: string, image: string, label: Uint8Array | Uint16Array): Promise<void> {
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

async function writeLikeItk(file: string, image: string, label: Uint8Array | Uint16Array): Promise<void> {
  const { imageType, size, spacing, origin, direction, ...rest } = await readImage(image).catch((error: unknown) => {
    throw inputDamaged(image, error);
  });
  const axes = Math.min(size.length, 3);
  const componentType = label.BYTES_PER_ELEMENT === 1 ? "uint8" : "uint16";
  const written = {
    ...rest,
    imageType: { ...imageType, dimension: axes, componentType, pixelType: "Scalar", components: 1 },
    size: size.slice(0, axes),
    spacing: spacing.slice(0, axes),
    origin: origin.slice(0, axes),
    direction: directionOf(direction, size.length, axes),
    data: label,
    metadata: new Map(),
  };
  const { writeImageNode } = await itkFiles(file);
  const said: string[] = [];
  try {
    await withConsole(said, () => writeImageNode(written, resolve(file), { useCompression: true }));
  } catch (cause) {
    const reason = said.find((line) => /\w+: \w/.test(line)) ?? `ITK cannot write it (${String(cause)})`;
    throw new PatchstreamError({ code: "WRITE_FAILED", file, reason }, undefined, { cause });
  }
}

/** The first `axes` rows and columns of a row-major matrix of `all` by `all`. */
function directionOf(direction: ArrayLike<number>, all: number, axes: number): Float64Array {
  return Float64Array.from(
    { length: axes * axes },
    (_, i) => direction[Math.floor(i / axes) * all + (i % axes)] as number,
  );
}
