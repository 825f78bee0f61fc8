import { PatchstreamError } from "../../../plan/errors.js";
import type { Geometry } from "../dataset.js";
import type { Preparation } from "../planner/parse-plans.js";
import { preprocessImage } from "../preprocess/preprocess-case.js";
import type { SourceCase } from "./read-raw-case.js";

/** An image as a network takes it, and the way back. */
export interface PreparedSource {
  /** (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly values: Float32Array;
  readonly geometry: Geometry;
}

/**
 * Preprocesses an image that has been read exactly as an ingest with the same plans.json does. Its channels may be overwritten. Throws
 * INPUT_DAMAGED naming `file` where nothing is left of it, and what `checkShape`
 * throws before memory is taken for an image of that shape.
 */
export function prepareSource(
  file: string,
  source: Pick<SourceCase, "shape" | "channels" | "label" | "spacingMm" | "affine">,
  preparation: Preparation,
  checkShape?: (shape: PreparedSource["shape"]) => void,
): PreparedSource {
  const { shape, spacingMm, affine, channels, label } = source;
  const made = preprocessImage({ shape, spacingMm, channels, label }, preparation, checkShape);
  if (made === undefined) throw nothingLeft(file);
  return {
    shape: made.shape,
    values: made.image,
    geometry: {
      affine,
      originalShape: shape,
      originalSpacingMm: spacingMm,
      transpose: preparation.transpose,
      cropStart: made.cropStart,
      cropEnd: made.cropEnd,
      spacingMm: preparation.spacingMm,
    },
  };
}

function nothingLeft(file: string): PatchstreamError {
  const reason = "every voxel is 0, or nothing is left of it at the model's spacing";
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "an image with content" });
}
