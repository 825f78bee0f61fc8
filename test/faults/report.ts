import { quantile } from "simple-statistics";
import { drawLines } from "../../pictures/index.js";
import type { Gap } from "./gaps.js";

/** Where bars of the histogram begin and end, ms: about one and a half times wider each. */
const EDGES_MS = [0, 50, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, Infinity];
const BAR = 40;

interface Row {
  readonly name: string;
  readonly gaps: readonly Gap[];
}

const seconds = (ms: number) => (ms / 1e3).toFixed(2);

/** Gaps by fault, as a table in Markdown, and the histogram of all of them. */
export function describeGaps(gaps: readonly Gap[]): string {
  const well = gaps.filter(({ someoneWell }) => someoneWell);
  const none = gaps.filter(({ someoneWell }) => !someoneWell);
  const kinds = [...new Set(well.map(({ kind }) => kind))].sort();
  const rows: Row[] = [
    { name: "all, another replica well", gaps: well },
    ...kinds.map((kind) => ({ name: kind, gaps: well.filter((gap) => gap.kind === kind) })),
    { name: "no replica well, from when one was again", gaps: none },
  ];
  const table = rows.flatMap(({ name, gaps }) => {
    if (gaps.length === 0) return [];
    const ms = gaps.map((gap) => gap.ms);
    const numbers = [quantile(ms, 0.5), quantile(ms, 0.95), Math.max(...ms)].map(seconds);
    return [`| ${name} | ${gaps.length} | ${numbers.join(" | ")} |`];
  });
  const head = ["| fault | times | median s | 95 % s | longest s |", "|---|---|---|---|---|"];
  return [...head, ...table, "", "```", ...histogram(well), "```"].join("\n");
}

interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

function barsOf(gaps: readonly Gap[]): Bar[] {
  const last = EDGES_MS.findIndex((edge) => gaps.every(({ ms }) => ms < edge));
  return EDGES_MS.slice(0, last).map((fromMs, place) => {
    const toMs = EDGES_MS[place + 1] as number;
    return { fromMs, toMs, count: gaps.filter(({ ms }) => ms >= fromMs && ms < toMs).length };
  });
}

function histogram(gaps: readonly Gap[]): string[] {
  const bars = barsOf(gaps);
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return bars.map(({ fromMs, toMs, count }) => {
    const range = Number.isFinite(toMs) ? `${seconds(fromMs)} to ${seconds(toMs)} s` : `${seconds(fromMs)} s and more`;
    return `${range.padStart(16)}  ${String(count).padStart(4)}  ${"#".repeat(Math.ceil((BAR * count) / most))}`;
  });
}

/** The share of gaps that are at most so long. */
export function drawGaps(gaps: readonly Gap[], notes: readonly string[]): string {
  const share = (isWell: boolean) => {
    const ms = gaps.flatMap((gap) => (gap.someoneWell === isWell ? [gap.ms] : [])).sort((a, b) => a - b);
    return ms.map((one, place) => ({ x: one / 1e3, y: (100 * (place + 1)) / ms.length }));
  };
  return drawLines({
    title: "How long a training waits for a batch after a fault",
    notes,
    x: "seconds without a batch",
    panels: [
      {
        y: "faults, %",
        within: [0, 100],
        series: [
          { name: "another replica is well", points: share(true), form: "steps" },
          { name: "no replica is well", points: share(false), form: "steps" },
        ],
      },
    ],
  });
}
