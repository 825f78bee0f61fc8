import { alignColumns, barText, sizeText } from "../columns.js";
import type { Comparison, Trained } from "./compare.js";
import { heldOutDice, verdictLines } from "./verdict.js";

const ROWS = 9;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The pseudo Dice that a training had last at a moment of its own time, with a bar. */
function diceAt({ points }: Trained, seconds: number): string {
  const dice = points.findLast((point) => point.seconds <= seconds)?.pseudoDice;
  return dice === undefined ? "-" : `${dice.toFixed(3)} ${barText(dice)}`;
}

/** The curves as rows of bars: pseudo Dice of both at the same seconds of training. */
function curves({ constant, performance }: Comparison): string {
  const end = Math.max(constant.seconds, performance.seconds);
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const seconds = (end * (row + 1)) / ROWS;
    const patch = performance.stages.findLast(({ fromSeconds }) => fromSeconds <= seconds)?.patchSize ?? [];
    return [seconds.toFixed(0), diceAt(constant, seconds), sizeText(patch), diceAt(performance, seconds)];
  });
  return alignColumns([["seconds", "constant", "patch", "performance"], ...rows], [1, 3]);
}

/** A comparison for a person: both trainings in a row each, their pseudo Dice over the time, and what is seen. */
export function comparisonText(comparison: Comparison): string {
  const { constant, performance } = comparison;
  const header = ["", "steps", "seconds", "waiting", "pseudo Dice", "validation loss", "Dice, held-out cases"];
  const rows = [constant, performance].map((trained) => {
    const last = trained.points.at(-1);
    return [
      trained.mode,
      `${trained.steps}`,
      trained.seconds.toFixed(1),
      percent(trained.waitingSeconds / trained.seconds),
      last?.pseudoDice.toFixed(3) ?? "-",
      last?.validationLoss.toFixed(3) ?? "-",
      heldOutDice(trained).toFixed(3),
    ];
  });
  const verdict = verdictLines(comparison).join("\n");
  return `${alignColumns([header, ...rows], [0])}\npseudo Dice by seconds of training\n${curves(comparison)}\n${verdict}\n`;
}
