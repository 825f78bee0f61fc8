import type { StoredCase } from "../../loader/dataset/dataset.js";
import { BLOCK_BYTES } from "../../loader/engine/memory/blocks.js";
import { volumeBytes } from "../../loader/engine/memory/volume-layout.js";

/** A case of exactly `blocks` blocks. */
export function caseOf(id: string, blocks: number): StoredCase {
  const entry: StoredCase = {
    id,
    shape: [1, 1, 1, (blocks * BLOCK_BYTES) / 8],
    spacingMm: [1, 1, 1],
    foregroundCounts: [(blocks * BLOCK_BYTES) / 48],
    digest: "",
    geometry: {
      affine: [],
      originalShape: [1, 1, 1],
      originalSpacingMm: [1, 1, 1],
      transpose: [0, 1, 2],
      cropStart: [0, 0, 0],
      cropEnd: [1, 1, 1],
      spacingMm: [1, 1, 1],
    },
  };
  return {
    ...entry,
    foregroundCounts: [Math.floor((blocks * BLOCK_BYTES - volumeBytes({ ...entry, foregroundCounts: [0] }, 1)) / 12)],
  };
}
