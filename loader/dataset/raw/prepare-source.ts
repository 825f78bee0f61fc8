import { PatchstreamError } from "../../../plan/errors.js";
import type { Geometry } from "../dataset.js";
import type { Preparation } from "../planner/parse-plans.js";
import { cropImage } from "../preprocess/preprocess-case.js";
import type { SourceCase } from "./read-raw-case.js";

/** An image as a network takes it, and the way back. */
export interface PreparedSource {
  /** (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly values: Float32Array;
  readonly geometry: Geometry;
}

/** An image that has been read: its size as a network takes it is known, and no memory is taken for it yet. */
export interface SourceToPrepare extends Pick<PreparedSource, "shape"> {
  /** Bytes that `prepare` takes beside the image as it was read. */
  readonly preparingBytes: number;
  /** May be called once. */
  prepare(): PreparedSource;
}

/**
 * What becomes of an image that has been read when it is preprocessed exactly as an ingest with the same plans.json does. Its channels
 * may be overwritten. Throws INPUT_DAMAGED naming `file` where nothing is left of it, or too much would be made of it; `prepare` also
 * where it does not fit in memory.
 */
export function prepareSource(
  file: string,
  source: Pick<SourceCase, "shape" | "channels" | "label" | "spacingMm" | "affine">,
  preparation: Preparation,
): SourceToPrepare {
  const { shape, spacingMm, affine, channels, label } = source;
  const cropped = cropImage({ file, shape, spacingMm, channels, label }, preparation);
  const { cropStart, cropEnd } = cropped;
  const { transpose } = preparation;
  const geometry = { affine, originalShape: shape, originalSpacingMm: spacingMm, transpose, cropStart, cropEnd };
  return {
    shape: cropped.shape,
    preparingBytes: cropped.resamplingBytes,
    prepare: () => ({
      shape: cropped.shape,
      values: inMemory(file, () => cropped.resample().image),
      geometry: { ...geometry, spacingMm: preparation.spacingMm },
    }),
  };
}

/** A page cannot ask how much memory there is: it is told when it takes too much. */
function inMemory<Value>(file: string, work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const reason = `its voxels at the model's spacing do not fit in memory (${cause.message})`;
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "smaller" }, undefined, { cause });
  }
}
