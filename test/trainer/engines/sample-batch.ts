import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { TrainingBatch } from "../../../trainer/engines/engine.js";

/** Uniform numbers in [0, 1) from a linear congruential generator (Numerical Recipes' constants). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A batch of noise whose labels, also the further ones of `deepSizes`, are a random class, or for one voxel in ten what `ignore` says: 255,
 * or a value of its own.
 */
export function noiseBatch(
  batchSize: number,
  patchSize: Zyx,
  options: { channels: number; classes: number; ignore: boolean | number; deepSizes?: readonly Zyx[] },
): TrainingBatch {
  const draw = uniforms(batchSize * voxelCount(patchSize));
  const voxels = batchSize * voxelCount(patchSize);
  const image = Float32Array.from({ length: voxels * options.channels }, () => 2 * draw() - 1);
  const drawLabel = (size: Zyx) =>
    Uint8Array.from({ length: batchSize * voxelCount(size) }, () => {
      const value = Math.floor(draw() * options.classes);
      const ignored = options.ignore === true ? 255 : options.ignore;
      return ignored !== false && draw() < 0.1 ? ignored : value;
    });
  const label = drawLabel(patchSize);
  return { image, label, deepLabels: (options.deepSizes ?? []).map(drawLabel), batchSize, patchSize };
}

/** Bright balls (class 1) and dark balls (class 2) on noise, one of each a sample: a task learned in few steps. */
export function ballBatch(batchSize: number, patchSize: Zyx, seed: number): TrainingBatch {
  const draw = uniforms(seed);
  const [z, y, x] = patchSize;
  const image = Float32Array.from({ length: batchSize * voxelCount(patchSize) }, () => draw() - 0.5);
  const label = new Uint8Array(image.length);
  for (let sample = 0; sample < batchSize; sample++) {
    for (const kind of [1, 2]) {
      const centre = [draw() * z, draw() * y, draw() * x] as const;
      for (let voxel = 0; voxel < z * y * x; voxel++) {
        const at = [Math.floor(voxel / (y * x)), Math.floor(voxel / x) % y, voxel % x] as const;
        const squared = (at[0] - centre[0]) ** 2 + (at[1] - centre[1]) ** 2 + (at[2] - centre[2]) ** 2;
        if (squared > (Math.min(z, y, x) / 4) ** 2) continue;
        const index = sample * z * y * x + voxel;
        label[index] = kind;
        image[index] = (image[index] as number) + (kind === 1 ? 1 : -1);
      }
    }
  }
  return { image, label, batchSize, patchSize };
}
