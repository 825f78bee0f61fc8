import { PatchstreamError } from "../plan/errors.js";
import type { NetworkDescription } from "./networks/network.js";
import { stateDict } from "./networks/state-dict.js";
import { readCheckpoint } from "./run-folder/checkpoint.js";
import { encodeSafetensors } from "./run-folder/safetensors.js";

const WEIGHT = "weight/";

export interface ExportedWeights {
  /** A safetensors file, to be written one piece after the other. */
  readonly pieces: readonly Uint8Array[];
  /** Entries of the state dict. */
  readonly tensors: number;
  /** Steps that the training had taken. */
  readonly step: number;
  readonly network: NetworkDescription;
}

/**
 * The weights in the checkpoint of the training in `folder` as the state dict of the PyTorch module that its network follows, complete for
 * `load_state_dict(strict=True)`. The metadata `network` is its description. Throws NOT_FOUND where there is no checkpoint, INPUT_DAMAGED for a
 * damaged one.
 */
export async function exportWeights(folder: string): Promise<ExportedWeights> {
  const checkpoint = await readCheckpoint(folder);
  if (checkpoint === undefined)
    throw new PatchstreamError({ code: "NOT_FOUND", what: "checkpoint of training", name: folder, known: [] });
  const { model, network, step } = checkpoint;
  const weights = [...model].flatMap(([name, tensor]) =>
    name.startsWith(WEIGHT) ? [[name.slice(WEIGHT.length), tensor] as const] : [],
  );
  const tensors = stateDict(network, new Map(weights));
  const metadata = { format: "pt", network: JSON.stringify(network), step: String(step) };
  return { pieces: encodeSafetensors({ tensors, metadata }), tensors: tensors.size, step, network };
}
