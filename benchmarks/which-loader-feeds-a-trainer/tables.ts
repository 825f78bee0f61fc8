import type { Figures } from "../figures.js";
import type { Utilisation } from "./accelerator.js";
import type { StageRates } from "./rates.js";

function spread({ median, p5, p95 }: Figures, digits: number): string {
  return `${median.toFixed(digits)} (${p5.toFixed(digits)} to ${p95.toFixed(digits)})`;
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** One row a stage: batches per second, and ours over each of the others: median (p5 to p95). */
export function ratesTable(stages: readonly StageRates[]): string {
  const pairs = stages[0]?.pairs ?? [];
  const ourNames = [...new Set(pairs.map(({ ourName }) => ourName))];
  return table(
    [
      "stage",
      "patch",
      "batch",
      ...ourNames,
      ...pairs.map(({ name }) => name),
      ...pairs.map(({ name }) => `ours / ${name}`),
    ],
    stages.map(({ stage, patch, batch, pairs }) => [
      stage,
      patch.join("x"),
      batch,
      ...ourNames.map((name) => significant(pairs.find(({ ourName }) => ourName === name)?.ours.median ?? Number.NaN)),
      ...pairs.map(({ theirs }) => significant(theirs.median)),
      ...pairs.map(({ ratio }) => spread(ratio, ratio.median < 10 ? 2 : 1)),
    ]),
  );
}

export function utilisationTable(measured: readonly Utilisation[]): string {
  const names = measured[0]?.arms.map(({ name }) => name) ?? [];
  return table(
    ["volumes", "stage", "patch", "batch", "step, s", ...names.map((name) => `AU % of ${name}`)],
    measured.map(({ title, stage, patch, batch, stepSeconds, arms }) => [
      title,
      stage,
      patch.join("x"),
      batch,
      stepSeconds,
      ...arms.map(({ utilisation: { n, median, p5, p95 } }) =>
        spread({ n, median: 100 * median, p5: 100 * p5, p95: 100 * p95 }, 0),
      ),
    ]),
  );
}

export function memoryTable(
  rows: readonly { name: string; bytes: readonly number[] }[],
  workers: readonly number[],
): string {
  return table(
    ["MiB with", ...workers.map((count) => `${count} worker${count === 1 ? "" : "s"}`)],
    rows.map(({ name, bytes }) => [name, ...bytes.map((size) => (size / 2 ** 20).toFixed(0))]),
  );
}
