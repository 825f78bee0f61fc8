import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { replaceFile } from "../../disk/index.js";
import {
  type EvaluateOptions,
  type Evaluation,
  evaluateFolds,
  evaluateLabels,
  gatherFolds,
  meanScores,
  scoresCsv,
} from "../../predict/index.js";
import { type ScoredCase, type ScoredClass, summaryJson } from "../../trainer/index.js";
import { countProgress } from "../count-progress.js";
import { type CommonOptions, note, printJson } from "../output.js";
import { scoreTable } from "./score-table.js";

interface Options extends CommonOptions {
  readonly folds?: readonly string[];
  readonly references?: string;
  readonly dataset?: string;
  readonly tolerance: number;
  readonly surface: boolean;
  readonly partial?: boolean;
  readonly geometry: EvaluateOptions["geometry"];
  readonly csv?: string;
  readonly summary?: string;
}

/** `patchstream evaluate PREDICTIONS REFERENCES`, or of a cross-validation `--folds RUN...`. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate");
  return command
    .description("Hold labels against references: nnU-Net's summary.json, Dice, HD95 and surface Dice.")
    .argument("[predictions]", "a folder of labels, or one label")
    .argument("[references]", "the folder with references of the same names, or one reference")
    .option(
      "--folds <runs...>",
      "instead of both: the folders of a cross-validation's trainings, whose held-out cases are gathered",
    )
    .option("--references <folder>", "with --folds: references on disk, so that surfaces are compared, too")
    .option(
      "--dataset <file>",
      "the dataset.json that says what values mean (default: the labels.json that predict left)",
    )
    .option("--tolerance <mm>", "how far apart surfaces may lie to count as the same", millimetres, 1)
    .option("--no-surface", "do not compare surfaces: no HD95 and no surface Dice")
    .option("--partial", "leave out references without a prediction, and cases that no fold has held out")
    .addOption(
      new Option(
        "--geometry <what>",
        'what a prediction that lies elsewhere in space than its reference does: "strict" makes it a failure, "ignore" compares voxel on voxel',
      )
        .choices(["strict", "ignore"])
        .default("strict"),
    )
    .option("--csv <file>", "write the scores of each class in each case to this file")
    .option(
      "--summary <file>",
      "where summary.json goes (default: into the folder of the predictions; with --folds nowhere)",
    )
    .addHelpText(
      "after",
      `
Examples:
  patchstream evaluate labels labelsTs
  patchstream evaluate nnunet-predictions labelsTr --dataset dataset.json --csv scores.csv
  patchstream evaluate --folds runs/fold-0 runs/fold-1 runs/fold-2 --summary summary.json`,
    )
    .action((predictions: string | undefined, references: string | undefined, options: Options) => {
      if (options.folds !== undefined) {
        if (predictions !== undefined)
          command.error("error: --folds stands for the predictions and references: give one of both");
        return evaluateRuns(options.folds, options);
      }
      if (options.references !== undefined) command.error("error: --references belongs to --folds");
      if (predictions === undefined || references === undefined)
        return command.error("error: give predictions and references, or --folds");
      return evaluateTwo(predictions, references, options);
    });
}

async function evaluateTwo(predictions: string, references: string, options: Options): Promise<void> {
  const { dataset, tolerance, surface, partial = false, geometry, summary } = options;
  const evaluation = evaluateLabels(predictions, references, {
    partial,
    geometry,
    ...(dataset !== undefined && { dataset }),
    ...(surface && { toleranceMm: tolerance }),
  });
  const cases = await scoredBy(evaluation);
  if (cases === undefined) return;
  const isFolder = evaluation.cases[0]?.prediction !== predictions;
  const summaryFile = summary ?? (isFolder ? join(predictions, "summary.json") : undefined);
  report(evaluation.classes, cases, { ...options, summaryFile, toleranceMm: surface ? tolerance : undefined });
}

async function evaluateRuns(runs: readonly string[], options: Options): Promise<void> {
  const { references, tolerance, surface, partial = false, geometry, summary: summaryFile } = options;
  const gathered = gatherFolds(runs, { partial });
  // What the trainings left has counts, of which no surface follows.
  const toleranceMm = surface && references !== undefined ? tolerance : undefined;
  const on = { geometry, ...(toleranceMm !== undefined && { toleranceMm }) };
  const cases = references === undefined ? gathered.cases : await scoredBy(evaluateFolds(gathered, references, on));
  if (cases !== undefined) report(gathered.classes, cases, { ...options, summaryFile, toleranceMm });
}

/** The scores of all cases; undefined where one failed, which is told: a summary of some of the cases would be taken for one of all. */
async function scoredBy(evaluation: Evaluation): Promise<ScoredCase[] | undefined> {
  const cases: ScoredCase[] = [];
  const total = evaluation.cases.length;
  const progress = countProgress({ done: "evaluated", unit: "cases" });
  let failed = 0;
  try {
    progress.show(0, total);
    for await (const one of evaluation.run()) {
      if (one.kind === "evaluated") cases.push(one);
      else {
        failed++;
        progress.stop();
        note(`patchstream: ${one.error.message}`);
      }
      progress.show(cases.length + failed, total);
    }
  } finally {
    progress.stop();
  }
  if (failed === 0) return cases;
  note(`patchstream: ${failed} of ${total} cases failed: no summary is written`);
  process.exitCode = 1;
  return undefined;
}

interface ReportOptions extends Pick<Options, "csv" | "json"> {
  readonly summaryFile: string | undefined;
  readonly toleranceMm: number | undefined;
}

function report(
  classes: readonly ScoredClass[],
  cases: readonly ScoredCase[],
  { csv, json, summaryFile, toleranceMm }: ReportOptions,
): void {
  if (summaryFile !== undefined) replaceFile(summaryFile, summaryJson(classes, cases));
  if (csv !== undefined) replaceFile(csv, scoresCsv(classes, cases));
  const means = meanScores(classes, cases);
  if (json)
    printJson({ cases: cases.length, classes: means, ...(summaryFile !== undefined && { summary: summaryFile }) });
  else process.stdout.write(scoreTable(means, { cases: cases.length, toleranceMm }));
}

function millimetres(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("It must be a number of millimetres, 0 or more.");
  return value;
}
