import { numpyMean, numpyNanMean } from "./numpy-mean.js";
import type { ClassScore, ScoredCase, ScoredClass } from "./scores.js";

/** nnU-Net's metrics, in its names. */
const METRICS = {
  Dice: ({ dice }: ClassScore) => dice,
  FN: ({ falseNegative }: ClassScore) => falseNegative,
  FP: ({ falsePositive }: ClassScore) => falsePositive,
  IoU: ({ iou }: ClassScore) => iou,
  TN: ({ trueNegative }: ClassScore) => trueNegative,
  TP: ({ truePositive }: ClassScore) => truePositive,
  n_pred: ({ falsePositive, truePositive }: ClassScore) => falsePositive + truePositive,
  n_ref: ({ falseNegative, truePositive }: ClassScore) => falseNegative + truePositive,
} as const;

const SHARES: readonly string[] = ["Dice", "IoU"];

/** A number as Python prints a float; JSON has no NaN, and nnU-Net writes it all the same. */
class PythonFloat {
  readonly #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  toString(): string {
    const value = this.#value;
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${value}.0`;
    const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
    if (Number(exponent) >= -4 && Number(exponent) < 16) return String(value);
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
}

/** What the summary calls a class: its value, or a region's values as Python prints a tuple. */
export function summaryKey({ values }: ScoredClass): string {
  return values.length === 1 ? `${values[0]}` : `(${values.join(", ")})`;
}

/**
 * nnU-Net's summary.json (evaluate_predictions.py, `compute_metrics_on_folder` and `save_summary_json`), byte for byte: a class is known by
 * its value, a region by its values.
 */
export function summaryJson(classes: readonly ScoredClass[], cases: readonly ScoredCase[]): string {
  const keys = classes.map(summaryKey);
  const names = Object.keys(METRICS) as (keyof typeof METRICS)[];
  const float = (value: number) => new PythonFloat(value);
  const all = (i: number, name: keyof typeof METRICS) =>
    cases.map(({ scores }) => METRICS[name](scores[i] as ClassScore));
  const means = classes.map((_, i) => names.map((name) => numpyNanMean(all(i, name))));
  return pythonJson({
    foreground_mean: entriesOf(names, (_, m) => float(numpyMean(means.map((of) => of[m] as number)))),
    mean: entriesOf(keys, (_, i) => entriesOf(names, (_, m) => float(means[i]?.[m] as number))),
    metric_per_case: cases.map(({ scores, prediction, reference }) => ({
      metrics: entriesOf(keys, (_, i) =>
        entriesOf(names, (name) => {
          const value = METRICS[name](scores[i] as ClassScore);
          return SHARES.includes(name) ? float(value) : value;
        }),
      ),
      prediction_file: prediction,
      reference_file: reference,
    })),
  });
}

function entriesOf<Key extends string>(keys: readonly Key[], value: (key: Key, index: number) => unknown): object {
  return Object.fromEntries(keys.map((key, index) => [key, value(key, index)]));
}

/** As Python's json.dump with sort_keys and an indent of 4, and no line end. */
function pythonJson(value: unknown, indent = ""): string {
  const deeper = `${indent}    `;
  if (value instanceof PythonFloat) return value.toString();
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => `${deeper}${pythonJson(each, deeper)}`).join(",\n")}\n${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = entries.map(([key, each]) => `${deeper}${asciiString(key)}: ${pythonJson(each, deeper)}`);
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  return typeof value === "string" ? asciiString(value) : JSON.stringify(value);
}

/** A JSON string whose letters beyond ASCII are escaped, as Python's are. */
function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
