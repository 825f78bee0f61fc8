import type { LabelSet } from "../../plan/label-set.js";
import type { StoreRecord } from "./store-metadata.js";

/** What a record says of labels; the source's values only where they are not the stored ones. */
export function labelRecordOf({
  labels,
  sourceValues,
  regions,
  ignoreLabel,
}: LabelSet): Pick<StoreRecord, "labels" | "sourceValues" | "regions" | "ignoreLabel"> {
  const isRenumbered = sourceValues.some((value, stored) => value !== stored);
  return {
    labels,
    ...((isRenumbered || regions || ignoreLabel !== undefined) && { sourceValues }),
    ...(regions && { regions }),
    ...(ignoreLabel !== undefined && { ignoreLabel }),
  };
}
