import { PatchstreamError } from "../../../plan/errors.js";
import type { Geometry } from "../dataset.js";
import type { Preparation } from "../planner/parse-plans.js";
import { preprocessImage } from "../preprocess/preprocess-case.js";
import { type CaseRules, readRawCase, type ToleratedFlaw } from "./read-raw-case.js";

/** An image as a network takes it, and the way back. */
export interface PreparedImage {
  /** (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly values: Float32Array;
  readonly geometry: Geometry;
  readonly tolerated: readonly ToleratedFlaw[];
}

/**
 * Reads the files of one image, one a channel or one with all, and preprocesses them exactly as an ingest with the same plans.json
 * does. Throws INPUT_DAMAGED naming the file at fault.
 */
export async function prepareImage(
  files: readonly string[],
  preparation: Preparation,
  rules: Pick<CaseRules, "nonfinite" | "geometry" | "countedIn">,
): Promise<PreparedImage> {
  const raw = { id: "", images: files };
  const channelCount = preparation.normalizations.length;
  const { shape, spacingMm, affine, tolerated, channels, label } = await readRawCase(raw, {
    ...rules,
    channelCount,
    labelValues: [],
  });
  const made = preprocessImage({ shape, spacingMm, channels, label }, preparation);
  if (made === undefined) throw nothingLeft(files[0] as string);
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
    tolerated,
  };
}

function nothingLeft(file: string): PatchstreamError {
  const reason = "every voxel is 0, or nothing is left of it at the model's spacing";
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "an image with content" });
}
