import { PatchstreamError } from "../../plan/errors.js";
import type { LabelSet } from "../../plan/label-set.js";
import type { LabelOptions } from "../engines/engine.js";

/** The most label values that labels of one byte tell apart from 255, which does not count. */
const MAX_VALUES = 255;

/** How an engine reads the labels of a data set. */
export function labelOptions({ regions, ignoreLabel }: Pick<LabelSet, "regions" | "ignoreLabel">): LabelOptions {
  return {
    labels: regions ? { kind: "regions", regions: regions.map(({ values }) => values) } : { kind: "classes" },
    ...(ignoreLabel !== undefined && { ignoreLabel }),
  };
}

/**
 * Outputs of a network that learns a data set: its classes, background included, or its regions. Throws LIMIT_EXCEEDED for more label values
 * than labels of one byte hold.
 */
export function outputCount({ classes, regions, sourceValues, ignoreLabel }: LabelSet): number {
  const values = ignoreLabel ?? sourceValues.length;
  if (values > MAX_VALUES)
    throw new PatchstreamError({
      code: "LIMIT_EXCEEDED",
      limit: "classes of a network",
      got: values,
      max: MAX_VALUES,
    });
  return regions?.length ?? Math.max(0, ...classes) + 1;
}
