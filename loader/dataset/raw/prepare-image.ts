import type { Preparation } from "../planner/parse-plans.js";
import { prepareSource, type SourceToPrepare } from "./prepare-source.js";
import { type CaseRules, readRawCase, type ToleratedFlaw } from "./read-raw-case.js";

/** An image that has been read, and what was wrong with its files. */
export interface ImageToPrepare extends SourceToPrepare {
  readonly tolerated: readonly ToleratedFlaw[];
}

/**
 * Reads the files of one image, one a channel or one with all, to preprocess them exactly as an ingest with the same plans.json
 * does. Throws INPUT_DAMAGED naming the file at fault.
 */
export async function readImageToPrepare(
  files: readonly string[],
  preparation: Preparation,
  rules: Pick<CaseRules, "nonfinite" | "geometry" | "countedIn">,
): Promise<ImageToPrepare> {
  const raw = { id: "", images: files };
  const channelCount = preparation.normalizations.length;
  const { tolerated, ...source } = await readRawCase(raw, { ...rules, channelCount, labelValues: [] });
  return { ...prepareSource(files[0] as string, source, preparation), tolerated };
}
