import type { ModelState } from "../engines/engine.js";
import type { NetworkDescription } from "../networks/network.js";
import { stateDict } from "../networks/state-dict.js";
import type { Checkpoint } from "../run-folder/checkpoint.js";
import { encodeSafetensors } from "../run-folder/safetensors.js";

const WEIGHT = "weight/";

/** A checkpoint's weights under PyTorch's names. */
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
 * The weights of a checkpoint as the state dict of the PyTorch module that its network follows, complete for
 * `load_state_dict(strict=True)`. The metadata `network` is its description.
 */
export function exportWeights({ model, network, step }: Checkpoint): ExportedWeights {
  const tensors = stateDict(network, weightsOf(model));
  const metadata = { format: "pt", network: JSON.stringify(network), step: String(step) };
  return { pieces: encodeSafetensors({ tensors, metadata }), tensors: tensors.size, step, network };
}

/** A model's weights by the names of the network's parameters. */
export function weightsOf(model: ModelState): ModelState {
  return new Map(
    [...model].flatMap(([name, tensor]) =>
      name.startsWith(WEIGHT) ? [[name.slice(WEIGHT.length), tensor] as const] : [],
    ),
  );
}
