import { existsSync } from "node:fs";
import { basename } from "node:path";
import { checkNamedFolder, readNamedFile } from "../../disk/read-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { LabelSet } from "../../plan/label-set.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { parseSummary, type SummarizedCase, SummaryRefused } from "../evaluation/parse-summary.js";
import { type ScoredCase, type ScoredClass, scoredClasses, scoreOf } from "../evaluation/scores.js";
import { checkpointPath, readCheckpointHeader } from "./checkpoint.js";
import { HELD_OUT_ENDING, heldOutLabelPath, heldOutSummaryPath } from "./held-out.js";

/** A training that ended with an evaluation, as its folder tells it. */
export interface HeldOutCases {
  readonly folder: string;
  /** SHA-256 (hex) of the data set. */
  readonly datasetDigest: string;
  readonly labelSet: LabelSet;
  /** Ids. */
  readonly split: ResolvedSpec["split"];
  readonly classes: readonly ScoredClass[];
  /** Those that were held out, in their order, with the scores that follow from counts. */
  readonly cases: readonly ScoredCase[];
}

/** Reads what a training left of its held-out cases. Throws INPUT_DAMAGED naming what is missing or damaged. */
export function readHeldOut(folder: string): HeldOutCases {
  const refused = (file: string, reason: string, want: string, hint?: string) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, hint);
  checkNamedFolder(folder, "the folder of a training");
  const header = readCheckpointHeader(folder);
  const checkpoint = checkpointPath(folder);
  if (header === undefined) throw refused(checkpoint, "there is no such file", "the checkpoint of a training");
  if (header.trainedOn === undefined)
    throw refused(checkpoint, "an older version wrote it, and it does not say what labels mean", "one of this version");
  const { labelSet } = header.trainedOn;
  const { split, datasetDigest } = header.spec;
  const file = heldOutSummaryPath(folder);
  const want = "the summary.json that the training left";
  if (!existsSync(file)) {
    const hint = "A training writes it when all its steps are taken and its held-out cases evaluated.";
    throw refused(file, "there is no such file", want, hint);
  }
  const classes = scoredClasses(labelSet);
  const found = new Map(
    summarized(file, classes, want).map((one) => [basename(one.predictionFile, HELD_OUT_ENDING), one]),
  );
  const cases = split.val.map((id) => {
    const one = found.get(id);
    if (one === undefined) throw refused(file, `it lacks case ${id}`, want);
    return { id, prediction: heldOutLabelPath(folder, id), reference: one.reference, scores: one.counts.map(scoreOf) };
  });
  return { folder, datasetDigest, labelSet, split, classes, cases };
}

function summarized(file: string, classes: readonly ScoredClass[], want: string): SummarizedCase[] {
  try {
    return parseSummary(readNamedFile(file, want).toString(), classes);
  } catch (cause) {
    if (!(cause instanceof SummaryRefused)) throw cause;
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: cause.message, want }, undefined, { cause });
  }
}
