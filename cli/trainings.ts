import { Command } from "commander";
import { connectTrainer, type TrainingInShort } from "../trainer/index.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { addTrainerFlag, type TrainerFlag } from "./trainer-flag.js";

interface Options extends CommonOptions, CallFlags, TrainerFlag {
  readonly stop?: string;
}

/** `patchstream trainings`. */
export function trainingsCommand(): Command {
  const command = new Command("trainings")
    .description("List a trainer's trainings, oldest first, or stop one.")
    .option("--stop <training>", "end this one after the step in progress; train --resume goes on with it");
  return addCallFlags(addTrainerFlag(command))
    .addHelpText("after", "\nExample:\n  $ patchstream trainings --trainer localhost:7071")
    .action(async (options: Options) => {
      const { trainer: address, stop, json } = options;
      await using trainer = connectTrainer(address, callOptions(options));
      if (stop !== undefined) await trainer.stop(stop);
      const trainings = await trainer.list();
      if (json) printJson(trainings);
      else for (const training of trainings) process.stdout.write(`${trainingLine(training)}\n`);
    });
}

function trainingLine({
  id,
  dataset,
  state,
  damage,
  steps,
  stepsTaken,
  stage,
  smoothedPseudoDice,
}: TrainingInShort): string {
  const begun = steps === 0 ? [] : [`step ${stepsTaken} of ${steps}`, `stage ${stage}`];
  const dice = smoothedPseudoDice === undefined ? [] : [`pseudo Dice ${smoothedPseudoDice.toFixed(3)}`];
  const why = damage === null ? "" : `: ${damage.file}: ${damage.reason}`;
  return [id, dataset || "-", `${state}${why}`, ...begun, ...dice].join("  ");
}
