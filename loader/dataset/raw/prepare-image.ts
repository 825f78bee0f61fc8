import type { Preparation } from "../planner/parse-plans.js";
import { type PreparedSource, prepareSource } from "./prepare-source.js";
import { type CaseRules, readRawCase, type ToleratedFlaw } from "./read-raw-case.js";

/** An image as a network takes it, the way back, and what was wrong with its files. */
export interface PreparedImage extends PreparedSource {
  readonly tolerated: readonly ToleratedFlaw[];
}

/**
 * Reads the files of one image, one a channel or one with all, and preprocesses them exactly as an ingest with the same plans.json
 * does. Throws INPUT_DAMAGED naming the file at fault, and what `checkShape` throws before memory is taken for an
 * image of that shape.
 */
export async function prepareImage(
  files: readonly string[],
  preparation: Preparation,
  rules: Pick<CaseRules, "nonfinite" | "geometry" | "countedIn">,
  checkShape?: (shape: PreparedImage["shape"]) => void,
): Promise<PreparedImage> {
  const raw = { id: "", images: files };
  const channelCount = preparation.normalizations.length;
  const { tolerated, ...source } = await readRawCase(raw, { ...rules, channelCount, labelValues: [] });
  return { ...prepareSource(files[0] as string, source, preparation, checkShape), tolerated };
}
