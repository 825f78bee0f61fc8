import { voxelCount, type Zyx } from "../plan/index.js";

/** As many as the AAL atlas has regions. */
export const PARCELS = 116;

/** Side of the cubes that are made one after the other. */
const BLOCK = 8;

/**
 * A label (Z,Y,X) of many classes, as atlases of the brain are: an ellipsoid, each of its voxels of the class whose seed is
 * nearest. Different for each `number`, the same on every machine.
 */
export function parcelLabel(size: Zyx, number: number): Uint8Array {
  const [depth, height, width] = size;
  const random = lehmer(1 + number);
  const seeds = Array.from({ length: PARCELS }, () => size.map((extent) => extent * random()) as unknown as Zyx);
  const label = new Uint8Array(voxelCount(size));
  const blocks = size.map((extent) => Math.ceil(extent / BLOCK)) as unknown as Zyx;
  for (let block = 0; block < voxelCount(blocks); block++) {
    const from: Zyx = [
      BLOCK * Math.floor(block / blocks[1] / blocks[2]),
      BLOCK * (Math.floor(block / blocks[2]) % blocks[1]),
      BLOCK * (block % blocks[2]),
    ];
    const near = nearSeeds(seeds, from);
    for (let z = from[0]; z < Math.min(from[0] + BLOCK, depth); z++)
      for (let y = from[1]; y < Math.min(from[1] + BLOCK, height); y++)
        for (let x = from[2]; x < Math.min(from[2] + BLOCK, width); x++) {
          const outwards = ((2 * z) / depth - 1) ** 2 + ((2 * y) / height - 1) ** 2 + ((2 * x) / width - 1) ** 2;
          if (outwards < 0.8) label[(z * height + y) * width + x] = 1 + nearest(near, seeds, [z, y, x]);
        }
  }
  return label;
}

/** Numbers of the seeds that may be nearest to a voxel of the block that begins at `from`. */
function nearSeeds(seeds: readonly Zyx[], from: Zyx): number[] {
  const half = (BLOCK - 1) / 2;
  const distances = seeds.map((seed) =>
    Math.sqrt(squaredDistance(seed, [from[0] + half, from[1] + half, from[2] + half])),
  );
  const reach = Math.min(...distances) + 2 * Math.sqrt(3) * half + 1e-6;
  return [...seeds.keys()].filter((index) => (distances[index] as number) <= reach);
}

function nearest(among: readonly number[], seeds: readonly Zyx[], voxel: Zyx): number {
  let [least, found] = [Infinity, 0];
  for (const index of among) {
    const distance = squaredDistance(seeds[index] as Zyx, voxel);
    if (distance < least) [least, found] = [distance, index];
  }
  return found;
}

function squaredDistance(a: Zyx, b: Zyx): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}

/** Numbers from 0 to 1, by Lehmer's generator (Park and Miller's constants). */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
