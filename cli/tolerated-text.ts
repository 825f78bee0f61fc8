import type { ToleratedFlaw } from "../loader/index.js";

/** What was wrong with a file that was taken all the same, in a line. */
export function toleratedText(one: ToleratedFlaw): string {
  switch (one.flaw) {
    case "nonfinite":
      return `${one.file}: ${one.voxels} voxels of NaN or infinity were read as 0`;
    case "bytes-behind":
      return `${one.file}: ${one.bytes} bytes after the last voxel were passed over: does its header have the right size?`;
    case "misplaced":
      return `${one.file}: lies ${one.voxelsApart.toFixed(1)} voxels from the first image, taken voxel on voxel`;
  }
}
