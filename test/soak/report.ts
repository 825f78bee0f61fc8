import { mean } from "simple-statistics";
import type { ProcessSize } from "./process-sizes.js";
import { slopeOf } from "./slope.js";

/** Points of a line: each is the mean of all samples of so long a part of the time. */
const PARTS = 40;
/** Of them, that are left out: caches fill, code is compiled. */
const FIRST_PARTS = 8;

/** What a process held at a time. */
export interface Sample extends ProcessSize {
  /** Hours since the beginning. */
  readonly hours: number;
}

/** A row for each process: how its memory and its descriptors grow, with the standard error. */
export function describeGrowth(processes: ReadonlyMap<string, readonly Sample[]>, hours: number): string {
  const rows = [...processes].map(([name, samples]) => {
    const parts = Array.from({ length: PARTS }, (_, part) =>
      samples.filter((sample) => Math.floor((PARTS * sample.hours) / hours) === part),
    ).slice(FIRST_PARTS);
    const column = (of: (sample: Sample) => number | undefined) => {
      const points = parts
        .map((part) =>
          part.flatMap((sample) => [of(sample)].flatMap((y) => (y === undefined ? [] : [[sample.hours, y] as const]))),
        )
        .filter((part) => part.length > 0)
        .map((part) => [mean(part.map(([hour]) => hour)), mean(part.map(([, y]) => y))] as const);
      const { perX, error } = slopeOf(points);
      const ys = points.map(([, y]) => y);
      return `${Math.min(...ys).toFixed(1)} to ${Math.max(...ys).toFixed(1)} | ${signed(perX)} ± ${error.toFixed(1)}`;
    };
    return `| ${name} | ${column(({ rssMiB }) => rssMiB)} | ${column(({ liveMiB }) => liveMiB)} | ${column(({ descriptors }) => descriptors)} |`;
  });
  return [
    "| process | RSS, MiB | MiB an hour | after collecting garbage, MiB | MiB an hour | descriptors | descriptors an hour |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const signed = (value: number) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(1)}`;
