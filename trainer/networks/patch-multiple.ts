import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";
import { totalStride } from "./u-net/levels.js";

/** What a patch of `network` must be a multiple of on each axis; also the smallest patch. */
export function patchMultiple(network: NetworkDescription): Zyx {
  switch (network.kind) {
    case "plain-unet":
    case "residual-unet":
      return totalStride(network);
  }
}
