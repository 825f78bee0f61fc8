import { Command, InvalidArgumentError, Option } from "commander";
import { readNamedJson, replaceFile } from "../../disk/index.js";
import {
  MODE_DEFAULTS,
  MODES,
  type Mode,
  type NetworkPlan,
  parseNetworkPlan,
  parseNnunetPlans,
  planStages,
  ROUNDINGS,
  type Rounding,
} from "../../plan/index.js";
import { type CommonOptions, printJson } from "../output.js";
import { paperRows, paperTable } from "./plan-paper.js";
import { plotStages } from "./plan-plot.js";
import { curriculumJson, curriculumTable } from "./plan-table.js";

interface PlanOptions extends CommonOptions {
  readonly paper?: true;
  readonly plans?: string;
  readonly patchSize?: readonly number[];
  readonly batchSize?: number;
  readonly pooling?: readonly number[];
  readonly minimum?: readonly number[];
  readonly increment?: readonly number[];
  readonly mode: Mode;
  readonly rounding?: Rounding;
  readonly budgetFraction?: number;
  readonly epochs: number;
  readonly plot?: string;
}

const NETWORK_OPTIONS = ["patchSize", "batchSize", "pooling", "minimum", "increment"] as const;

function triple(text: string): number[] {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (numbers.length !== 3 || numbers.some(Number.isNaN)) {
    throw new InvalidArgumentError("It must be three numbers in axis order Z,Y,X, such as 40,56,40.");
  }
  return numbers;
}

function numeric(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || Number.isNaN(number)) throw new InvalidArgumentError("It must be a number.");
  return number;
}

function share(text: string): number {
  const number = numeric(text);
  if (number < 0 || number > 1) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return number;
}

function epochCount(text: string): number {
  const number = numeric(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return number;
}

/** `patchstream plan`: stages, voxels and relative FLOPs of a curriculum, or of all data sets of the paper. */
export function planCommand(): Command {
  const command = new Command("plan")
    .description("Print the stages of a curriculum, their voxels and its cost beside constant training.")
    .addOption(new Option("--paper", "all 15 data sets of the paper beside its Table 1").conflicts("plot"))
    .option("--plans <file>", "take the network from nnU-Net's plans.json (3d_fullres)")
    .option("--patch-size <z,y,x>", "final patch in voxels", triple)
    .option("--batch-size <count>", "batch at the final patch", numeric)
    .option("--pooling <z,y,x>", "poolings per axis; the smallest patch and its growth are 2^pooling", triple)
    .option("--minimum <z,y,x>", "smallest patch of a network without poolings", triple)
    .option("--increment <z,y,x>", "growth per axis of a network without poolings", triple)
    .addOption(
      new Option(
        "--mode <mode>",
        'how patches grow: "constant" not at all, "efficiency" at the plan\'s batch, "performance" at the plan\'s voxels a batch, "progressive-resolution" whole patches from coarse to fine; MICCAI 2024: "pgps", "pgps-plus", and "rpss", which draws a stage for each step',
      )
        .choices(MODES)
        .default("performance"),
    )
    .addOption(
      new Option(
        "--rounding <rule>",
        'performance: how a batch becomes whole (default: floor): "floor" down, "even-floor" down to an even number, "floor-minus-1" down and one less, "power-of-two" and "multiple-of-base" down to a power of 2 or a multiple of the plan\'s batch',
      ).choices(ROUNDINGS),
    )
    .option("--budget-fraction <share>", "performance: 1 fills the voxel budget, 0 is efficiency (default: 1)", share)
    .option("--epochs <count>", "epochs of the whole training", epochCount, 1000)
    .option("--plot <file.svg>", "draw patch and batch over the epochs")
    .addHelpText(
      "after",
      `
Examples:
  patchstream plan --patch-size 40,56,40 --batch-size 2 --pooling 3,3,3
  patchstream plan --plans nnUNetPlans.json --mode efficiency --plot stages.svg
  patchstream plan --paper`,
    );
  return command.action((options: PlanOptions) => {
    checkUse(command, options);
    if (options.paper) return printPaper(options);
    printCurriculum(options);
  });
}

/** Wrong use ends with exit code 2. */
function checkUse(command: Command, options: PlanOptions): void {
  const given = NETWORK_OPTIONS.filter((name) => options[name] !== undefined);
  const sources = [options.paper, options.plans, given.length > 0 || undefined].filter((one) => one !== undefined);
  if (sources.length !== 1) {
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

function printCurriculum(options: PlanOptions): void {
  const plan = readPlan(options);
  const { mode, epochs, rounding = "floor", budgetFraction = 1 } = options;
  const { foregroundFraction } = MODE_DEFAULTS[mode];
  const stages = planStages(mode, { plan, epochs, foregroundFraction, rounding, budgetFraction });
  const curriculum = { plan, mode, stages };
  if (options.plot !== undefined) replaceFile(options.plot, plotStages(curriculum));
  if (options.json) printJson(curriculumJson(curriculum));
  else process.stdout.write(curriculumTable(curriculum));
}

function readPlan(options: PlanOptions): NetworkPlan {
  if (options.plans !== undefined)
    return parseNnunetPlans(readNamedJson(options.plans, "nnU-Net's plans.json (--plans)"));
  const fields = Object.fromEntries(NETWORK_OPTIONS.map((name) => [name, options[name]]));
  return parseNetworkPlan(fields, "plan");
}
