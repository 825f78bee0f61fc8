import { percentile } from "../../loader/index.js";
import type { WireFormat } from "../../plan/index.js";

/** What was measured at one stage: milliseconds per batch, one value per round; each round measures every kind once. */
export interface Rounds {
  /** What the training's step takes; 0 where none was given. */
  readonly stepMs: number;
  /** Between batches of steps that were never asked for before. */
  readonly fresh: readonly number[];
  /** Between batches whose volumes the server holds in memory. */
  readonly hot: readonly number[];
  /** The same without augmentation. */
  readonly plain: readonly number[];
  /** Until a batch of such volumes that is asked for alone has been cut. */
  readonly cutAlone: readonly number[];
  /** From the header of such a batch to its last byte. */
  readonly carryAlone: readonly number[];
  /** Compute time / running time, 0 to 1, of a consumer that takes `stepMs` per batch; empty where that is 0. */
  readonly utilisation: readonly number[];
}

export const PARTS = ["fetch", "cut", "carry"] as const;
export type Part = (typeof PARTS)[number];

/** What sets the pace; `step`: the training itself; `unclear`: the measurements differ by less than they vary. */
export type Limit = Part | "step" | "unclear";

export interface Diagnosis {
  /** Between batches of fresh steps, without a step to train. */
  readonly intervalMs: number;
  /** Milliseconds per batch of each part by itself. They overlap: the longest sets the pace. */
  readonly partsMs: Readonly<Record<Part, number>>;
  /** How much shorter the interval is without augmentation. */
  readonly augmentationMs: number;
  /** Of the intervals with hot volumes: (highest - lowest) / median. */
  readonly spread: number;
  readonly utilisation?: number;
  readonly limit: Limit;
  /** The longest part and the one after it. */
  readonly longest: readonly [Part, Part];
}

/** Accelerator utilisation (MLPerf Storage's: compute time / running time) of a trainer that waits for nothing. */
const FED = 0.95;

/**
 * Names what sets the pace, by the differential method: fetching is what fresh steps take beyond hot ones; cutting and
 * carrying are timed alone, and take no more than the interval in which both went on. A part is named only where it is longer
 * than the next by more than that difference varies between rounds, and fetching only where the median fresh interval is
 * beyond every hot one. The step is named where the accelerator is used nearly all the time, and where batches came faster than
 * it takes them in all rounds but one: the waiting that then remains is for handing batches over.
 */
export function diagnose({ stepMs, fresh, hot, plain, cutAlone, carryAlone, utilisation }: Rounds): Diagnosis {
  const parts: Readonly<Record<Part, readonly number[]>> = {
    fetch: pairwise(fresh, hot, (a, b) => Math.max(0, a - b)),
    cut: pairwise(cutAlone, hot, Math.min),
    carry: pairwise(carryAlone, hot, Math.min),
  };
  const [first, second] = PARTS.toSorted((a, b) => median(parts[b]) - median(parts[a])) as [Part, Part, Part];
  const lead = pairwise(parts[first], parts[second], (a, b) => a - b);
  const isClear = median(lead) > variation(lead) && (first !== "fetch" || median(fresh) > Math.max(...hot));
  const isFed = utilisation.length > 0 && (median(utilisation) >= FED || secondLargest(fresh) < stepMs);
  const used = utilisation.length > 0 ? median(utilisation) : undefined;
  return {
    intervalMs: median(fresh),
    partsMs: { fetch: median(parts.fetch), cut: median(parts.cut), carry: median(parts.carry) },
    augmentationMs: Math.max(0, median(pairwise(hot, plain, (a, b) => a - b))),
    spread: (Math.max(...hot) - Math.min(...hot)) / median(hot),
    ...(used !== undefined && { utilisation: used }),
    limit: isFed ? "step" : isClear ? first : "unclear",
    longest: [first, second],
  };
}

function pairwise(a: readonly number[], b: readonly number[], of: (a: number, b: number) => number): readonly number[] {
  return a.map((value, round) => of(value, b[round] as number));
}

function median(values: readonly number[]): number {
  return percentile(values, 50);
}

function secondLargest(values: readonly number[]): number {
  return values.toSorted((a, b) => b - a)[1] as number;
}

/** From the lowest to the highest value, one outlier on each side left out. */
function variation(values: readonly number[]): number {
  const inner = values.toSorted((a, b) => a - b).slice(1, -1);
  return (inner.at(-1) ?? 0) - (inner[0] ?? 0);
}

/** With a larger spread the machine is too noisy to tell the parts apart. */
const BUSY_SPREAD = 0.25;

/** What sets the pace and what to change, in one line of at most 100 columns. */
export function advice(
  { limit, longest, spread, utilisation }: Diagnosis,
  { wire, volumeBytes }: { readonly wire: WireFormat; readonly volumeBytes: number },
): string {
  switch (limit) {
    case "step":
      return `nothing to change in loading, accelerator utilisation ${percent(utilisation ?? 0)}`;
    case "cut":
      return "more --workers on the data server, or another replica (--data A,B)";
    case "carry":
      return wire.image === "f32"
        ? 'send 16-bit images ("wire": { "image": "f16" }), or use a faster network'
        : "use a faster network, or replicas on other machines (--data A,B)";
    case "fetch":
      return `a larger --volume-budget on the data server; volumes take ${mebibytes(volumeBytes)} MiB`;
    case "unclear":
      return spread > BUSY_SPREAD
        ? `the machine is busy (spread ${percent(spread)}); try again later, or with --pass-ms 5000`
        : `${longest.join(" and ")} take about as long; change both, ${longest.map((part) => LEVERS[part]).join(" and ")}`;
  }
}

const LEVERS: Readonly<Record<Part, string>> = {
  fetch: "--volume-budget",
  cut: "--workers",
  carry: "wire.image",
};

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function mebibytes(bytes: number): string {
  return Math.ceil(bytes / 2 ** 20).toString();
}
