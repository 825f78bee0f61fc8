import { Command } from "commander";
import { openChannel } from "../../rpc/index.js";
import { addressList } from "../address-list.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson } from "../output.js";
import { readJson } from "../read-json.js";
import { trainingProgress } from "./training-progress.js";
import { trainingTable } from "./training-table.js";
import { startTraining, watchTraining } from "./watch-training.js";

interface Options extends CommonOptions, CallFlags {
  readonly trainer: string;
  readonly data?: readonly string[];
  readonly run?: string;
  readonly resume?: string;
  readonly watch?: string;
}

/** `patchstream train`. */
export function trainCommand(): Command {
  const command = new Command("train")
    .description("Start a training at a trainer and watch it; leaving it does not stop it.")
    .requiredOption("--trainer <address>", "the trainer service, host:port")
    .option("--data <addresses>", "data servers of one store, host:port[,host:port]", addressList)
    .option("--run <file>", "run spec (JSON)")
    .option("--resume <training>", "go on with this training from its last checkpoint")
    .option("--watch <training>", "only watch this training, from its beginning");
  return addCallFlags(command)
    .addHelpText(
      "after",
      "\nExample:\n  $ patchstream train --data localhost:7070 --trainer localhost:7071 --run run.json",
    )
    .action(async (options: Options) => {
      const { trainer: address, data = [], run, resume, watch, json } = options;
      if ([run, resume, watch].filter((one) => one !== undefined).length !== 1)
        command.error("error: one of --run, --resume and --watch is needed");
      const trainer = openChannel(address, callOptions(options));
      const progress = trainingProgress();
      try {
        const request = {
          data,
          run: run === undefined ? undefined : readJson(run, "a run spec in JSON"),
          ...(resume !== undefined && { resume }),
        };
        const training = watch ?? (await startTraining(trainer, request));
        if (json) printJson({ training });
        else process.stderr.write(`training ${training}\n`);
        const summary = await watchTraining(trainer, training, (event) => {
          if (json) printJson(event);
          else progress.show(event);
        });
        progress.stop();
        if (json) printJson({ summary });
        else process.stdout.write(trainingTable(summary));
      } finally {
        progress.stop();
        trainer.client.close();
      }
    });
}
