import { refuse } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import type { NetworkDescription } from "./network.js";
import { SWIN_TOKEN } from "./swin-unetr/network.js";
import { totalStride } from "./u-net/levels.js";
import { UNETR_TOKEN } from "./unetr/network.js";

/** What a patch of `network` must be a multiple of on each axis; also the smallest patch. */
export function patchMultiple(network: NetworkDescription): Zyx {
  switch (network.kind) {
    case "plain-unet":
    case "residual-unet":
      return totalStride(network);
    case "unetr":
      return [UNETR_TOKEN, UNETR_TOKEN, UNETR_TOKEN];
    case "swin-unetr": {
      const multiple = SWIN_TOKEN * 2 ** network.depths.length;
      return [multiple, multiple, multiple];
    }
  }
}

/** Throws SPEC_INVALID naming the first axis of `patchSize` that `network` cannot take, and the nearest size that it can; `more` is added to the hint. */
export function checkPatchSize(network: NetworkDescription, patchSize: Zyx, field: string, more = ""): void {
  const multiples = patchMultiple(network);
  for (const axis of [0, 1, 2] as const) {
    const [size, multiple] = [patchSize[axis], multiples[axis]];
    if (size >= multiple && size % multiple === 0) continue;
    const below = Math.floor(size / multiple) * multiple;
    const hint = below === 0 ? `Try ${multiple}.` : `Try ${below} or ${below + multiple}.`;
    refuse(`${field}[${axis}]`, size, `a multiple of ${multiple} for the network ${network.kind}`, hint + more);
  }
}
