import { PatchstreamError } from "../../plan/errors.js";
import { mirrorAxes } from "../inference/mirror.js";
import type { SavedModel } from "../inference/predictor.js";
import { stateDict } from "../networks/state-dict.js";
import { PythonTuple, type PythonValue } from "./pickle.js";
import { torchFile } from "./torch-file.js";
import { weightsOf } from "./weights.js";

/** What nnU-Net keeps of a training beside its weights. */
export interface NnunetTraining {
  readonly plans: object;
  readonly dataset: object;
  /** Name of its folder: `fold_0`. */
  readonly fold: number;
}

/**
 * nnU-Net's `checkpoint_final.pth` of a model (nnUNetTrainer.py, `save_checkpoint`), for prediction: it has no optimiser to go on with.
 * Pieces to write one after the other. Throws UNSUPPORTED for a network that nnU-Net's plans do not have.
 */
export function nnunetCheckpoint(
  { checkpoint: { network, model, spec } }: SavedModel,
  { plans, dataset, fold }: NnunetTraining,
): Uint8Array[] {
  if (network.kind !== "plain-unet" && network.kind !== "residual-unet") {
    const what = `the network ${network.kind} in nnU-Net`;
    throw new PatchstreamError({ code: "UNSUPPORTED", what, want: "a U-Net of nnU-Net's plans" });
  }
  const axes = mirrorAxes(spec);
  return torchFile("network_weights", stateDict(network, weightsOf(model)), {
    optimizer_state: undefined,
    grad_scaler_state: undefined,
    logging: {},
    _best_ema: undefined,
    current_epoch: spec.epochs,
    init_args: {
      plans: plans as PythonValue,
      configuration: "3d_fullres",
      fold,
      dataset_json: dataset as PythonValue,
    },
    trainer_name: "nnUNetTrainer",
    inference_allowed_mirroring_axes: axes.length === 0 ? undefined : new PythonTuple(...axes),
  });
}
