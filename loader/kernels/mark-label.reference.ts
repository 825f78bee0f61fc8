import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { Grid } from "./kernels.js";

export function markLabel({ values, size }: Grid<Uint8Array>): void {
  const voxels = voxelCount(size);
  const codes = values.slice(0, voxels).map((value) => (value + 1) & 127);
  const codeAt = (z: number, y: number, x: number) => codes[(z * size[1] + y) * size[2] + x] as number;
  /** Whether a cube of `side` voxels, as far as it lies inside, has more than one value. */
  const isMixed = ([z, y, x]: Zyx, side: number) => {
    const found = new Set<number>();
    for (let atZ = z; atZ < Math.min(z + side, size[0]); atZ++)
      for (let atY = y; atY < Math.min(y + side, size[1]); atY++)
        for (let atX = x; atX < Math.min(x + side, size[2]); atX++) found.add(codeAt(atZ, atY, atX));
    return found.size > 1;
  };
  let brick = voxels;
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[2]; x++) {
        const code = codeAt(z, y, x);
        values[(z * size[1] + y) * size[2] + x] = code | (isMixed([z, y, x], 2) ? 128 : 0);
        if (z % 8 === 0 && y % 8 === 0 && x % 8 === 0) values[brick++] = isMixed([z, y, x], 8) ? 255 : code;
      }
}
