import { Command, Option } from "commander";
import { MODE_DEFAULTS, type Mode, planStages } from "../../plan/index.js";
import { checkPatchSize, describeNetwork, NETWORKS, type NetworkName, reportModel } from "../../trainer/index.js";
import { type CommonOptions, printJson } from "../output.js";
import {
  addNetworkOptions,
  modeOption,
  type NetworkOptions,
  networkSources,
  positive,
  readPlan,
} from "../plan/network-options.js";
import { modelTable } from "./model-table.js";

interface ModelCommandOptions extends CommonOptions, NetworkOptions {
  readonly network: NetworkName | "auto";
  readonly baseFeatures?: number;
  readonly channels: number;
  readonly classes: number;
  readonly mode: Mode;
}

const GROWTH = " A curriculum begins with --minimum and grows by --increment.";

/** Epochs play no part in what a step costs; each of a curriculum's stages has some. */
const EPOCHS = 100_000;

/** `patchstream model`: parameters, layers, operations and memory of a network in each stage of a curriculum. */
export function modelCommand(): Command {
  const command = new Command("model").description(
    "Print a network's parameters, and what a training step costs at each stage of a curriculum: operations and memory.",
  );
  addNetworkOptions(command)
    .addOption(
      new Option("--network <name>", '"auto" takes what the plan is made for')
        .choices(["auto", ...NETWORKS])
        .default("auto"),
    )
    .option("--base-features <count>", "features of the finest level (default: the plan's, or 32)", positive)
    .option("--channels <count>", "channels of the image", positive, 1)
    .option("--classes <count>", "classes, background included", positive, 2)
    .addOption(modeOption())
    .addHelpText(
      "after",
      `
Examples:
  patchstream model --plans nnUNetResEncUNetLPlans.json --classes 3
  patchstream model --patch-size 40,56,40 --batch-size 2 --pooling 3,3,3 --network residual-unet --json`,
    );
  return command.action((options: ModelCommandOptions) => {
    if (networkSources(options) !== 1)
      command.error("error: give one of --plans FILE, or --patch-size with --batch-size and --pooling");
    const plan = readPlan(options);
    const { mode, network, baseFeatures, channels, classes } = options;
    const { foregroundFraction } = MODE_DEFAULTS[mode];
    const description = describeNetwork(plan, { channels, classes, network, baseFeatures });
    const rule = { plan, epochs: EPOCHS, foregroundFraction, rounding: "floor", budgetFraction: 1 } as const;
    const stages = planStages(mode, rule);
    for (const [index, { patchSize }] of stages.entries())
      checkPatchSize(description, patchSize, `stages[${index}].patchSize`, GROWTH);
    const report = reportModel(description, stages);
    if (options.json) printJson({ mode, ...report });
    else process.stdout.write(modelTable(mode, report));
  });
}
