import type { NetworkDescription } from "./network.js";
import type { Parameter } from "./parameter.js";
import { patchMultiple } from "./patch-multiple.js";
import { traceNetwork } from "./trace.js";

/** All parameters of `network`, in the order in which a forward pass meets them; they are the same for every patch. */
export function listParameters(network: NetworkDescription): Parameter[] {
  return traceNetwork(network, patchMultiple(network)).flatMap(({ parameters }) => parameters);
}
