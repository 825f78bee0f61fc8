import type { Layers } from "../layers.js";
import { decode, stackedBlocks } from "../u-net/decoder.js";
import { levelOf } from "../u-net/levels.js";
import type { PlainUnet } from "./network.js";

/** Logits of `PlainConvUNet` (dynamic-network-architectures 0.4), under its names. */
export function runPlainUnet<T>(network: PlainUnet, layers: Layers<T>, image: T): T[] {
  const encoded: T[] = [];
  let output = image;
  for (let level = 0; level < network.features.length; level++) {
    const name = `encoder.stages.${level}.0`;
    output = stackedBlocks(layers, output, name, network.convsPerLevel, levelOf(network, level));
    encoded.push(output);
  }
  return decode(network, layers, encoded, network.convsPerLevel);
}
