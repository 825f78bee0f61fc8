import type { NetworkDescription } from "./network.js";
import type { StateTensor } from "./state-tensor.js";
import { swinBuffers } from "./swin-unetr/network.js";
import { repeatedNames } from "./u-net/repeated-names.js";
import { unetrBuffers } from "./unetr/network.js";

/**
 * `weights` (by parameter name) as the state dict of the PyTorch module that `network` follows, complete for
 * `load_state_dict(strict=True)`: with the names under which that module has a parameter once more, and its buffers.
 */
export function stateDict(
  network: NetworkDescription,
  weights: ReadonlyMap<string, StateTensor>,
): Map<string, StateTensor> {
  switch (network.kind) {
    case "plain-unet":
    case "residual-unet":
      return new Map([...weights].flatMap(([name, tensor]) => repeatedNames(name).map((one) => [one, tensor])));
    case "unetr":
      return new Map([...weights, ...unetrBuffers(network)]);
    case "swin-unetr":
      return new Map([...weights, ...swinBuffers(network)]);
  }
}
