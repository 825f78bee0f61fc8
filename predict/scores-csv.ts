import type { ClassScore, ScoredCase, ScoredClass } from "../trainer/index.js";

const COUNTS = ["truePositive", "falsePositive", "falseNegative", "trueNegative"] as const;

/** A table with a line for each class of each case; what has no value is empty, and an infinite distance is `inf`. */
export function scoresCsv(classes: readonly ScoredClass[], cases: readonly ScoredCase[]): string {
  const head = ["case", "class", "values", "Dice", "IoU", "HD95_mm", "surface_Dice", "TP", "FP", "FN", "TN"];
  const rows = cases.flatMap(({ id, scores }) =>
    classes.map(({ name, values }, i) => {
      const score = scores[i] as ClassScore;
      const shares = [score.dice, score.iou, score.hausdorff95Mm, score.surfaceDice].map(cell);
      return [quoted(id), quoted(name), values.join(" "), ...shares, ...COUNTS.map((of) => String(score[of]))];
    }),
  );
  return [head, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function cell(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "";
  return Number.isFinite(value) ? String(value) : "inf";
}

/** RFC 4180. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
