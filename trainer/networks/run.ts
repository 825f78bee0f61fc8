import type { Zyx } from "../../plan/zyx.js";
import type { Layers } from "./layers.js";
import type { NetworkDescription } from "./network.js";
import { runPlainUnet } from "./plain-unet/run.js";
import { runResidualUnet } from "./residual-unet/run.js";
import { runSwinUnetr } from "./swin-unetr/run.js";
import { runUnetr } from "./unetr/run.js";

/**
 * Runs `network` on images (B,C,Z,Y,X) of `patchSize` with `layers` and returns the logits (B,K,Z,Y,X) of its heads, finest first.
 * Parameter names are those of dynamic-network-architectures and MONAI, so that PyTorch's weights fit by name.
 */
export function runNetwork<T>(network: NetworkDescription, layers: Layers<T>, image: T, patchSize: Zyx): T[] {
  switch (network.kind) {
    case "plain-unet":
      return runPlainUnet(network, layers, image);
    case "residual-unet":
      return runResidualUnet(network, layers, image);
    case "unetr":
      return runUnetr(network, layers, image);
    case "swin-unetr":
      return runSwinUnetr(network, layers, image, patchSize);
  }
}
