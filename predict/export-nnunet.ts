import { existsSync } from "node:fs";
import { join } from "node:path";
import { readNamedJson, replaceFile, replaceFiles, toldPieces } from "../disk/index.js";
import { nnunetDataset, plansOfRun } from "../loader/index.js";
import { PatchstreamError } from "../plan/index.js";
import { nnunetCheckpoint, type SavedModel } from "../trainer/index.js";

export interface ExportFold {
  /** Which fold the model is. */
  readonly fold: number;
  /** Hears how many bytes of its checkpoint are written. */
  readonly onWritten?: (bytes: number, total: number) => void;
}

export interface ExportedFold {
  readonly checkpoint: string;
  /** Values that files of the training had, and nnU-Net's labels have in their place; empty where they are the same. */
  readonly renumbered: readonly (readonly [source: number, label: number])[];
}

/**
 * Writes a model as nnU-Net's results folder: `plans.json`, `dataset.json` and `fold_N/checkpoint_final.pth`, which
 * `nnUNetv2_predict_from_modelfolder` takes. Several folds may go into one folder, one after the other. Throws SPEC_INVALID for a
 * folder of another plan or data set, UNSUPPORTED for a network that nnU-Net does not have, WRITE_FAILED.
 */
export function exportNnunet(
  model: SavedModel,
  folder: string,
  { fold, onWritten = () => undefined }: ExportFold,
): ExportedFold {
  const { checkpoint, trainedOn } = model;
  const { network, spec } = checkpoint;
  const { name, channelNames, labelSet, plans: plansJson } = trainedOn;
  const levels =
    network.kind === "plain-unet" || network.kind === "residual-unet"
      ? {
          strides: network.strides,
          kernelSizes: network.kernelSizes,
          features: network.features,
          ...(network.kind === "residual-unet" && { blocks: network.blocks }),
        }
      : {};
  const { blocks: _planned, ...plan } = spec.plan;
  const plans = plansOfRun(plansJson, { ...plan, ...levels });
  const dataset = nnunetDataset({ name, channelNames, ...labelSet });
  const path = join(folder, `fold_${fold}`, "checkpoint_final.pth");
  const pieces = nnunetCheckpoint(model, { plans, dataset, fold });
  const files = Object.entries({ "plans.json": plans, "dataset.json": dataset });
  for (const [file, content] of files) checkSame(join(folder, file), content);
  replaceFiles(files.map(([file, content]) => [join(folder, file), `${JSON.stringify(content, undefined, 4)}\n`]));
  replaceFile(path, toldPieces(pieces, onWritten));
  const renumbered = labelSet.sourceValues.flatMap((source, label) =>
    source === label ? [] : [[source, label] as const],
  );
  return { checkpoint: path, renumbered };
}

function checkSame(file: string, content: object): void {
  if (!existsSync(file)) return;
  const there = readNamedJson(file, "what export wrote there");
  if (JSON.stringify(there) === JSON.stringify(content)) return;
  const want = "a folder of folds of the same plan and data";
  throw new PatchstreamError({ code: "SPEC_INVALID", field: file, got: "another", want }, "Take another folder.");
}
