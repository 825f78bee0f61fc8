import { Command } from "commander";
import { callUnary, openChannel } from "../rpc/index.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { stateName } from "./train/training-progress.js";
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
      const trainer = openChannel(address, callOptions(options));
      try {
        if (stop !== undefined) await callUnary(trainer, "TrainerService", "stopTraining", { training: stop });
        const { trainings } = await callUnary(trainer, "TrainerService", "listTrainings", {});
        if (json) printJson(trainings);
        else
          for (const { id, dataset, state, damage } of trainings) {
            const why = damage === null ? "" : `: ${damage.file}: ${damage.reason}`;
            process.stdout.write(`${id}  ${dataset || "-"}  ${stateName(state)}${why}\n`);
          }
      } finally {
        trainer.client.close();
      }
    });
}
