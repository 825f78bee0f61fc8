import { basename } from "node:path";
import type { LabelCounts } from "./label-counts.js";
import type { ScoredClass } from "./scores.js";
import { summaryKey } from "./summary-json.js";

/** A case of a summary: the file name of its prediction, its reference as the summary has it, counts in the order of the classes. */
export interface SummarizedCase {
  readonly predictionFile: string;
  readonly reference: string;
  readonly counts: readonly LabelCounts[];
}

/** A summary.json that does not hold what it should. */
export class SummaryRefused extends Error {}

/** What Python writes for numbers that JSON does not have, where it ends a line: within a text a quotation mark comes first. */
const NO_JSON = /(?<=": )(NaN|-?Infinity)(?=,?$)/gm;

/**
 * The cases of nnU-Net's summary.json, whoever wrote it, with the counts of `classes`: what all its other numbers follow from. Throws
 * SummaryRefused.
 */
export function parseSummary(text: string, classes: readonly ScoredClass[]): SummarizedCase[] {
  const { metric_per_case: cases } = fieldsOf(parsed(text), "it");
  if (!Array.isArray(cases)) throw new SummaryRefused("it has no metric_per_case");
  return cases.map((value: unknown, i) => {
    const one = fieldsOf(value, `case ${i} of it`);
    const { prediction_file: prediction, reference_file: reference } = one;
    if (typeof prediction !== "string" || typeof reference !== "string")
      throw new SummaryRefused(`case ${i} of it names no files`);
    const predictionFile = basename(prediction);
    const metrics = fieldsOf(one.metrics, predictionFile);
    return {
      predictionFile,
      reference,
      counts: classes.map((of) => countsOf(metrics[summaryKey(of)], of, predictionFile)),
    };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(NO_JSON, "null"));
  } catch {
    throw new SummaryRefused("it is no JSON");
  }
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw new SummaryRefused(`${what} is no object`);
}

function countsOf(value: unknown, { name }: ScoredClass, file: string): LabelCounts {
  const fields = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const count = (key: string): number => {
    const voxels = fields[key];
    if (Number.isSafeInteger(voxels) && (voxels as number) >= 0) return voxels as number;
    throw new SummaryRefused(`it does not count ${key} of ${name} in ${file}`);
  };
  return {
    truePositive: count("TP"),
    falsePositive: count("FP"),
    falseNegative: count("FN"),
    trueNegative: count("TN"),
  };
}
