import type { Comparison, Trained } from "./compare.js";

/** What a comparison shows. */
export interface Verdict {
  /** Whether Performance has the higher mean Dice on the held-out cases: what the paper claims. */
  readonly seen: boolean;
  /** Seconds of training after which Performance has the pseudo Dice that constant ends with, or more, and keeps it. Absent where it never does. */
  readonly caughtUpSeconds?: number;
  /** Of the longer of the two trainings, how much longer it is, as a share of the shorter one. */
  readonly timeDifference: number;
}

/** Mean foreground Dice on the held-out cases; a network that finds nothing has 0. */
export const heldOutDice = ({ meanDice = 0 }: Trained): number => meanDice;

/** Holds the two trainings against each other. */
export function judge({ constant, performance }: Comparison): Verdict {
  const wanted = constant.points.at(-1)?.pseudoDice ?? 0;
  const below = performance.points.findLastIndex(({ pseudoDice }) => pseudoDice < wanted);
  const caughtUp = performance.points[below + 1];
  const [shorter, longer] = [constant.seconds, performance.seconds].sort((a, b) => a - b) as [number, number];
  return {
    seen: heldOutDice(performance) > heldOutDice(constant),
    ...(caughtUp !== undefined && { caughtUpSeconds: caughtUp.seconds }),
    timeDifference: longer / shorter - 1,
  };
}

/** The verdict in one line each: the claim, then what belongs to it. */
export function verdictLines(comparison: Comparison): string[] {
  const { constant, performance } = comparison;
  const { seen, caughtUpSeconds, timeDifference } = judge(comparison);
  const dice = (trained: Trained) => heldOutDice(trained).toFixed(3);
  const wanted = constant.points.at(-1)?.pseudoDice.toFixed(3) ?? "-";
  const cases = `${performance.cases.length} held-out cases`;
  return [
    `The paper's claim is ${seen ? "" : "not "}seen here: after the same time, Performance has Dice ${dice(performance)} on the ${cases}, constant ${dice(constant)}.`,
    caughtUpSeconds === undefined
      ? `Performance does not reach the pseudo Dice that constant ends with, ${wanted}.`
      : `Performance has the pseudo Dice that constant ends with, ${wanted}, after ${caughtUpSeconds.toFixed(0)} of ${performance.seconds.toFixed(0)} s.`,
    ...(timeDifference > 0.05
      ? [
          `The two times differ by ${(100 * timeDifference).toFixed(0)} %: something else used the machine. Run it again alone.`,
        ]
      : []),
    "One training each, with one seed, on a small sample: a demonstration, not a study.",
  ];
}
