import { Command, Option } from "commander";
import { replaceFile, toldPieces } from "../disk/index.js";
import { exportNnunet } from "../predict/index.js";
import { exportOnnx, exportWeights, readCheckpointOf, readModel } from "../trainer/index.js";
import { byteProgress, type CountProgress } from "./count-progress.js";
import { type CommonOptions, printJson, printLine } from "./output.js";
import { wholeNumber } from "./whole-number.js";

const FORMATS = ["safetensors", "onnx", "nnunet"] as const;

interface Options extends CommonOptions {
  readonly to: (typeof FORMATS)[number];
  readonly fold: number;
}

/** `patchstream export`: a model for other programs. */
export function exportCommand(): Command {
  return new Command("export")
    .description("Write a model for other programs: PyTorch's state dict, an ONNX file, or nnU-Net's results folder.")
    .argument("<model>", "the folder of a training, or one of its checkpoint files")
    .argument("<out>", "the file to write (.safetensors, .onnx), or for nnunet the folder")
    .addOption(
      new Option(
        "--to <format>",
        'what to write: "safetensors" is the state dict of nnU-Net\'s or MONAI\'s module, "onnx" runs in any ONNX runtime, "nnunet" is a folder that nnUNetv2_predict_from_modelfolder takes',
      )
        .choices(FORMATS)
        .default("safetensors"),
    )
    .option("--fold <number>", "for nnunet: which fold the model is; several may go into one folder", wholeNumber, 0)
    .addHelpText(
      "after",
      `
The safetensors file has every name of the module, so that PyTorch loads it strictly:
  network.load_state_dict(safetensors.torch.load_file("weights.safetensors"), strict=True)

Examples:
  patchstream export runs/20261123-173207-482-5f1c weights.safetensors
  patchstream export runs/20261123-173207-482-5f1c model.onnx --to onnx
  patchstream export runs/20261123-173207-482-5f1c results --to nnunet
  nnUNetv2_predict_from_modelfolder -i imagesTs -o labels -m results -f 0`,
    )
    .action(async (model: string, out: string, { to, fold, json }: Options) => {
      const progress = byteProgress("written");
      const answer = await write(model, out, { to, fold, show: progress.show }).finally(progress.stop);
      if (json) printJson(answer.facts);
      else for (const line of answer.lines) printLine(line);
    });
}

type How = Pick<Options, "to" | "fold"> & Pick<CountProgress, "show">;

async function write(path: string, out: string, { to, fold, show }: How) {
  if (to === "safetensors") {
    const { pieces, step, network, tensors } = exportWeights(await readCheckpointOf(path));
    replaceFile(out, toldPieces(pieces, show));
    return {
      facts: { file: out, step, network, tensors },
      lines: [`${out}: ${tensors} tensors of ${network.kind} after step ${step}`],
    };
  }
  const model = await readModel(path);
  const { step, network } = model.checkpoint;
  if (to === "onnx") {
    replaceFile(out, toldPieces([exportOnnx(model)], show));
    return { facts: { file: out, step, network }, lines: [`${out}: ${network.kind} after step ${step}`] };
  }
  const { checkpoint, renumbered } = exportNnunet(model, out, { fold, onWritten: show });
  const numbers = renumbered.map(([source, label]) => `${label} for ${source}`).join(", ");
  const note = `nnU-Net numbers labels without a gap: its labels have ${numbers}`;
  return {
    facts: { folder: out, checkpoint, step, network, renumbered },
    lines: [`${checkpoint}: ${network.kind} after step ${step}`, ...(renumbered.length === 0 ? [] : [note])],
  };
}
