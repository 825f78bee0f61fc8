import { Command, Option } from "commander";
import { connectTrainer } from "../trainer/index.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { addTrainerFlag, type TrainerFlag } from "./trainer-flag.js";
import { wholeNumber } from "./whole-number.js";

interface Options extends CommonOptions, CallFlags, TrainerFlag {
  readonly advance?: boolean;
  readonly to?: number;
  readonly fromStep?: number;
  readonly hold?: boolean;
}

/** `patchstream stage`. */
export function stageCommand(): Command {
  const command = new Command("stage")
    .description("Change the stage of a running training by hand.")
    .argument("<training>", "id of the training, as train printed it")
    .addOption(new Option("--advance", "go to the next stage").conflicts("to"))
    .option("--to <stage>", "go to this stage, from 0", wholeNumber)
    .option("--hold", "keep it to the end of the run (default: until the schedule reaches a later stage)")
    .option("--from-step <step>", "first step with that stage (default: the first not asked for yet)", wholeNumber);
  return addCallFlags(addTrainerFlag(command))
    .addHelpText(
      "after",
      "\nExample:\n  $ patchstream stage 20261123-173207-482-5f1c --trainer localhost:7071 --advance",
    )
    .action(async (training: string, options: Options) => {
      const { trainer: address, advance, to, fromStep, hold = false, json } = options;
      if (!advance && to === undefined) command.error("error: one of --advance and --to is needed", { exitCode: 2 });
      await using trainer = connectTrainer(address, callOptions(options));
      const wish = {
        hold,
        ...(to !== undefined && { stage: to }),
        ...(fromStep !== undefined && { fromStep }),
      };
      const changed = await trainer.setStage(training, wish);
      if (json) printJson(changed);
      else process.stdout.write(`${stageText(changed)}\n`);
    });
}

function stageText({
  stage,
  fromStep,
  scheduleFrom,
}: {
  stage: number;
  fromStep: number;
  scheduleFrom?: number;
}): string {
  const then = scheduleFrom === undefined ? "to the end" : `until the schedule goes on at step ${scheduleFrom}`;
  return `stage ${stage} from step ${fromStep}, ${then}`;
}
