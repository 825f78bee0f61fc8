import { Command, InvalidArgumentError, Option } from "commander";
import { MODE_DEFAULTS, type Mode, planStages, ROUNDINGS, type Rounding } from "../../plan/index.js";
import { type CommonOptions, printJson } from "../output.js";
import { addPlotFlags, type PlotFlags, writeLines } from "../plot-flags.js";
import {
  addNetworkOptions,
  modeOption,
  type NetworkOptions,
  networkSources,
  numeric,
  positive,
  readPlan,
} from "./network-options.js";
import { paperRows, paperTable } from "./plan-paper.js";
import { stagesPicture } from "./plan-plot.js";
import { curriculumJson, curriculumTable } from "./plan-table.js";

interface PlanOptions extends CommonOptions, NetworkOptions, PlotFlags {
  readonly paper?: true;
  readonly mode: Mode;
  readonly rounding?: Rounding;
  readonly budgetFraction?: number;
  readonly epochs: number;
}

function share(text: string): number {
  const number = numeric(text);
  if (number < 0 || number > 1) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return number;
}

/** `patchstream plan`: stages, voxels and relative FLOPs of a curriculum, or of all data sets of the paper. */
export function planCommand(): Command {
  const command = new Command("plan")
    .description("Print the stages of a curriculum, their voxels and its cost beside constant training.")
    .addOption(new Option("--paper", "all 15 data sets of the paper beside its Table 1").conflicts("plot"));
  addNetworkOptions(command)
    .addOption(modeOption())
    .addOption(
      new Option(
        "--rounding <rule>",
        'performance: how a batch becomes whole (default: floor): "floor" down, "even-floor" down to an even number, "floor-minus-1" down and one less, "power-of-two" and "multiple-of-base" down to a power of 2 or a multiple of the plan\'s batch',
      ).choices(ROUNDINGS),
    )
    .option("--budget-fraction <share>", "performance: 1 fills the voxel budget, 0 is efficiency (default: 1)", share)
    .option("--epochs <count>", "epochs of the whole training", positive, 1000);
  addPlotFlags(command).addHelpText(
    "after",
    `
Examples:
  patchstream plan --patch-size 40,56,40 --batch-size 2 --pooling 3,3,3
  patchstream plan --plans nnUNetPlans.json --mode efficiency --plot stages.svg
  patchstream plan --paper`,
  );
  return command.action(async (options: PlanOptions) => {
    checkUse(command, options);
    if (options.paper) printPaper(options);
    else await printCurriculum(options, command);
  });
}

/** Wrong use ends with exit code 2. */
function checkUse(command: Command, options: PlanOptions): void {
  if (networkSources(options) + Number(options.paper ?? false) !== 1) {
    command.error("error: give one of --paper, --plans FILE, or --patch-size with --batch-size and --pooling");
  }
  if (options.mode !== "performance" && (options.rounding ?? options.budgetFraction) !== undefined) {
    command.error("error: --rounding and --budget-fraction belong to --mode performance");
  }
}

function printPaper(options: PlanOptions): void {
  const rows = paperRows(options.epochs);
  if (options.json) printJson(rows);
  else process.stdout.write(paperTable(rows, options.epochs));
}

async function printCurriculum(options: PlanOptions, command: Command): Promise<void> {
  const plan = readPlan(options);
  const { mode, epochs, rounding = "floor", budgetFraction = 1 } = options;
  const { foregroundFraction } = MODE_DEFAULTS[mode];
  const stages = planStages(mode, { plan, epochs, foregroundFraction, rounding, budgetFraction });
  const curriculum = { plan, mode, stages };
  await writeLines(stagesPicture(curriculum), options, command);
  if (options.json) printJson(curriculumJson(curriculum));
  else process.stdout.write(curriculumTable(curriculum));
}
