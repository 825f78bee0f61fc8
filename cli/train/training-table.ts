import type { TrainingSummary } from "../../trainer/index.js";
import { alignColumns, sizeText } from "../columns.js";

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What the curriculum cost beside a constant patch. */
function relativeText({ flops, relative }: TrainingSummary): string {
  if (relative === undefined) return "";
  const operations =
    relative.flops === undefined
      ? ""
      : `${percent(relative.flops)} of the FLOPs (${(flops / 1e12).toPrecision(3)} TFLOP) and `;
  return `${operations}${percent(relative.seconds)} of the time that as many steps of the last stage take\n`;
}

/** A training's summary for a person: one row per stage, then Dice. */
export function trainingTable(summary: TrainingSummary): string {
  const { stages, steps, seconds, warmUpMs, cases, classes, meanDice } = summary;
  const costs = relativeText(summary);
  const stageRows = stages.map((one) => [
    String(one.stage),
    sizeText(one.patchSize),
    String(one.batchSize),
    String(one.steps),
    one.seconds.toFixed(1),
    percent(one.waitingShare),
    one.samplesPerSecond.toPrecision(3),
    one.loss.toFixed(3),
    one.pseudoDice?.toFixed(3) ?? "-",
  ]);
  const header = ["stage", "patch (Z,Y,X)", "batch", "steps", "seconds", "waiting", "samples/s", "loss", "pseudo Dice"];
  const total = `${steps} steps in ${seconds.toFixed(1)} s; the first batch took ${(warmUpMs / 1000).toFixed(1)} s more\n${costs}`;
  if (classes.length === 0) return `${alignColumns([header, ...stageRows], [])}${total}`;
  const dice = (values: readonly { readonly dice?: number }[]) => values.map(({ dice }) => dice?.toFixed(3) ?? "-");
  const diceRows = [
    ["Dice", ...classes.map(({ name }) => name)],
    ...cases.map((one) => [one.case, ...dice(one.classes)]),
    ["mean", ...dice(classes)],
  ];
  const mean = `mean foreground Dice ${meanDice?.toFixed(3) ?? "-"}\n`;
  return `${alignColumns([header, ...stageRows], [])}${total}\n${alignColumns(diceRows, [])}${mean}`;
}
