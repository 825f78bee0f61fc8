import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { replaceFile } from "../../disk/index.js";
import { type EvaluateOptions, evaluateLabels, meanScores, scoresCsv } from "../../predict/index.js";
import { type ScoredCase, summaryJson } from "../../trainer/index.js";
import { type CommonOptions, printJson } from "../output.js";
import { scoreTable } from "./score-table.js";

interface Options extends CommonOptions {
  readonly dataset?: string;
  readonly tolerance: number;
  readonly surface: boolean;
  readonly partial?: boolean;
  readonly geometry: EvaluateOptions["geometry"];
  readonly csv?: string;
  readonly summary?: string;
}

/** `patchstream evaluate PREDICTIONS REFERENCES`. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Hold labels against references: nnU-Net's summary.json, Dice, HD95 and surface Dice.")
    .argument("<predictions>", "a folder of labels, or one label")
    .argument("<references>", "the folder with references of the same names, or one reference")
    .option(
      "--dataset <file>",
      "the dataset.json that says what values mean (default: the labels.json that predict left)",
    )
    .option("--tolerance <mm>", "how far apart surfaces may lie to count as the same", millimetres, 1)
    .option("--no-surface", "do not compare surfaces: no HD95 and no surface Dice")
    .option("--partial", "leave out references without a prediction")
    .addOption(
      new Option(
        "--geometry <what>",
        'what a prediction that lies elsewhere in space than its reference does: "strict" makes it a failure, "ignore" compares voxel on voxel',
      )
        .choices(["strict", "ignore"])
        .default("strict"),
    )
    .option("--csv <file>", "write the scores of each class in each case to this file")
    .option("--summary <file>", "where summary.json goes (default: into the folder of the predictions)")
    .addHelpText(
      "after",
      `
Examples:
  patchstream evaluate labels labelsTs
  patchstream evaluate nnunet-predictions labelsTr --dataset dataset.json --csv scores.csv`,
    )
    .action(evaluate);
}

async function evaluate(predictions: string, references: string, options: Options): Promise<void> {
  const { dataset, tolerance, surface, partial = false, geometry, csv, summary, json } = options;
  const evaluation = evaluateLabels(predictions, references, {
    partial,
    geometry,
    ...(dataset !== undefined && { dataset }),
    ...(surface && { toleranceMm: tolerance }),
  });
  const { classes } = evaluation;
  const cases: ScoredCase[] = [];
  let failed = 0;
  for await (const one of evaluation.run()) {
    if (one.kind === "evaluated") cases.push(one);
    else process.stderr.write(`patchstream: ${one.error.message}\n`);
    if (one.kind === "failed") failed++;
  }
  // A summary of some of the cases would be taken for one of all.
  if (failed > 0) {
    process.stderr.write(`patchstream: ${failed} of ${evaluation.cases.length} cases failed: no summary is written\n`);
    process.exitCode = 1;
    return;
  }
  const isFolder = evaluation.cases[0]?.prediction !== predictions;
  const summaryFile = summary ?? (isFolder ? join(predictions, "summary.json") : undefined);
  if (summaryFile !== undefined) replaceFile(summaryFile, summaryJson(classes, cases));
  if (csv !== undefined) replaceFile(csv, scoresCsv(classes, cases));
  const means = meanScores(classes, cases);
  if (json)
    printJson({ cases: cases.length, classes: means, ...(summaryFile !== undefined && { summary: summaryFile }) });
  else process.stdout.write(scoreTable(means, { cases: cases.length, toleranceMm: surface ? tolerance : undefined }));
}

function millimetres(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("It must be a number of millimetres, 0 or more.");
  return value;
}
