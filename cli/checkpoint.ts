import { Command } from "commander";
import { connectTrainer } from "../trainer/index.js";
import { addCheckpointFlag, type CheckpointFlag } from "./checkpoint-flag.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { byteProgress } from "./count-progress.js";
import { type CommonOptions, printJson } from "./output.js";
import { addTrainerFlag, type TrainerFlag } from "./trainer-flag.js";

interface Options extends CommonOptions, CallFlags, TrainerFlag, CheckpointFlag {}

/** `patchstream checkpoint`: a training's checkpoint from its trainer. */
export function checkpointCommand(): Command {
  const command = new Command("checkpoint")
    .description("Fetch a training's checkpoint from its trainer: a safetensors file, whole or not at all.")
    .argument("<training>", "id of the training, as train printed it")
    .argument("<file>", "the file to write, .safetensors");
  return addCallFlags(addTrainerFlag(addCheckpointFlag(command)))
    .addHelpText(
      "after",
      "\nExample:\n  $ patchstream checkpoint 20261123-173207-482-5f1c best.safetensors --checkpoint best --trainer localhost:7071",
    )
    .action(async (training: string, file: string, options: Options) => {
      const { trainer: address, checkpoint, json } = options;
      await using trainer = connectTrainer(address, callOptions(options));
      const { show: onProgress, stop } = byteProgress("fetched");
      const bytes = await trainer.checkpoint(training, file, { checkpoint, onProgress }).finally(stop);
      if (json) printJson({ training, checkpoint, file, bytes });
      else process.stdout.write(`${file}: the ${checkpoint} checkpoint of ${training}, ${bytes} bytes\n`);
    });
}
