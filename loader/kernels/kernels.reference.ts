import { blurPlanes, blurRows } from "./blur.reference.js";
import { cropImage, cropLabel, cropLabelU8 } from "./crop.reference.js";
import { gamma } from "./gamma.reference.js";
import type { Kernels } from "./kernels.js";
import { markLabel } from "./mark-label.reference.js";
import { maskImage } from "./mask-image.reference.js";
import { moments } from "./moments.reference.js";
import { addNoise } from "./noise.reference.js";
import { resample } from "./resample.reference.js";
import { scaleShift } from "./scale-shift.reference.js";
import { warpImage, warpLabel } from "./warp.reference.js";
import { writeBf16, writeF16, writeLabelI16, writeLabelU8 } from "./write.reference.js";

/** The plain twin of every kernel, written to be easy to check: the same bits for the same input, on any typed arrays. */
export const referenceKernels: Kernels = {
  markLabel,
  cropImage,
  cropLabel,
  cropLabelU8,
  warpImage,
  warpLabel,
  addNoise,
  blurPlanes,
  blurRows,
  scaleShift,
  moments,
  gamma,
  resample,
  maskImage,
  writeF16,
  writeBf16,
  writeLabelU8,
  writeLabelI16,
};
