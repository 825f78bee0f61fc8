import { Command } from "commander";
import { replaceFile } from "../disk/index.js";
import { exportWeights } from "../trainer/index.js";
import { type CommonOptions, printJson } from "./output.js";

/** `patchstream export`: the weights of a training for PyTorch. */
export function exportCommand(): Command {
  return new Command("export")
    .description("Write a training's weights as the state dict of nnU-Net's or MONAI's module (safetensors).")
    .argument("<folder>", "the training's folder in the trainer's runs folder")
    .argument("<file>", "the file to write, .safetensors")
    .addHelpText(
      "after",
      `
The file has every name of the module, so that PyTorch loads it strictly:
  network.load_state_dict(safetensors.torch.load_file("weights.safetensors"), strict=True)

Examples:
  patchstream export runs/20261123-173207-482-5f1c weights.safetensors`,
    )
    .action(async (folder: string, file: string, options: CommonOptions) => {
      const { pieces, step, network, tensors } = await exportWeights(folder);
      replaceFile(file, pieces);
      if (options.json) printJson({ file, step, network, tensors });
      else process.stdout.write(`${file}: ${tensors} tensors of ${network.kind} after step ${step}\n`);
    });
}
