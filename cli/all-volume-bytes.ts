import type { DatasetInfo } from "../client/index.js";
import { largestLabel, volumeBytes } from "../loader/index.js";

/** What all volumes take in a data server's memory. */
export function allVolumeBytes({ cases, ...labels }: DatasetInfo): number {
  return cases.reduce((sum, entry) => sum + volumeBytes(entry, largestLabel(labels)), 0);
}
