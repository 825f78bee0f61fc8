import { PatchstreamError } from "../../plan/errors.js";
import type { LabelSet } from "../../plan/label-set.js";

/** Throws UNSUPPORTED for a data set with regions or an ignore label: the loss, softmax and cross entropy over single values, would be wrong. */
export function refuseOtherLabels({ regions, ignoreLabel }: LabelSet): void {
  const what = regions ? "regions (several label values learnt as one)" : "an ignore label";
  if (regions === undefined && ignoreLabel === undefined) return;
  throw new PatchstreamError({
    code: "UNSUPPORTED",
    what: `training with ${what}`,
    want: "a data set whose classes are single label values",
  });
}
