import type { Zyx } from "../../plan/zyx.js";
import { voxelCount } from "../../plan/zyx.js";
import type { Model } from "../engines/engine.js";
import { gaussianImportance } from "./gaussian.js";
import { type Axis, flip, flipSets } from "./mirror.js";
import { windowStarts } from "./windows.js";

/** Maps on one grid, float32 in C order: an image's channels (C,Z,Y,X) or a network's logits (K,Z,Y,X). */
export interface Maps {
  readonly shape: readonly [maps: number, z: number, y: number, x: number];
  readonly values: Float32Array;
}

export interface SlidingWindowOptions {
  /** The plan's patch (Z,Y,X), whatever stage training has reached. */
  readonly patchSize: Zyx;
  /** Outputs of the network, background included. */
  readonly classes: number;
  /** Windows that go through the network together. */
  readonly batchSize: number;
  /** Axes of test-time mirroring: the mean over all 2^n flips is taken. */
  readonly mirrorAxes: readonly Axis[];
  readonly signal?: AbortSignal;
}

/** The rows of one window that lie inside the volume: where each begins in the volume and in the window, and how long all are. */
function* rowsInside(size: Zyx, patch: Zyx, start: Zyx) {
  const firstX = Math.max(0, -start[2]);
  const length = Math.min(patch[2], size[2] - start[2]) - firstX;
  for (let z = Math.max(0, -start[0]); z < patch[0] && start[0] + z < size[0]; z++) {
    for (let y = Math.max(0, -start[1]); y < patch[1] && start[1] + y < size[1]; y++) {
      const inVolume = ((start[0] + z) * size[1] + start[1] + y) * size[2] + start[2] + firstX;
      yield { inVolume, inWindow: (z * patch[1] + y) * patch[2] + firstX, length };
    }
  }
}

/** Images of the windows at `starts`, (B,C,Z,Y,X); 0 outside the volume. */
function cutWindows(image: Maps, patch: Zyx, starts: readonly Zyx[]): Float32Array {
  const [channels, ...size] = image.shape;
  const windows = new Float32Array(starts.length * channels * voxelCount(patch));
  for (const [window, start] of starts.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      const volume = image.values.subarray(channel * voxelCount(size));
      const target = windows.subarray((window * channels + channel) * voxelCount(patch));
      for (const { inVolume, inWindow, length } of rowsInside(size, patch, start)) {
        target.set(volume.subarray(inVolume, inVolume + length), inWindow);
      }
    }
  }
  return windows;
}

/** Mean logits (B,K,Z,Y,X) over all flips of `mirrorAxes`, each turned back. */
async function predictMirrored(
  model: Pick<Model, "predict">,
  windows: Float32Array,
  batchSize: number,
  channels: number,
  { patchSize, classes, mirrorAxes }: SlidingWindowOptions,
): Promise<Float32Array> {
  const sets = flipSets(mirrorAxes);
  const mean = new Float32Array(batchSize * classes * voxelCount(patchSize));
  for (const axes of sets) {
    const logits = await model.predict(flip(windows, batchSize * channels, patchSize, axes), batchSize, patchSize);
    const turnedBack = flip(logits, batchSize * classes, patchSize, axes);
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (turnedBack[i] as number) / sets.length;
  }
  return mean;
}

/**
 * Logits (K,Z,Y,X) of a whole volume on the grid of `image` (C,Z,Y,X): windows of the plan's patch half a patch apart,
 * their logits averaged with Gaussian weights (nnU-Net, `predict_sliding_window_return_logits`).
 */
export async function predictBySlidingWindow(
  model: Pick<Model, "predict">,
  image: Maps,
  options: SlidingWindowOptions,
): Promise<Maps> {
  const { patchSize, classes, batchSize, signal } = options;
  const [channels, ...size] = image.shape;
  const importance = gaussianImportance(patchSize);
  const [voxels, patchVoxels] = [voxelCount(size), voxelCount(patchSize)];
  const logits = new Float32Array(classes * voxels);
  const weights = new Float32Array(voxels);
  const starts = windowStarts(size, patchSize);
  for (let first = 0; first < starts.length; first += batchSize) {
    signal?.throwIfAborted();
    const group = starts.slice(first, first + batchSize);
    const windows = cutWindows(image, patchSize, group);
    const predicted = await predictMirrored(model, windows, group.length, channels, options);
    for (const [window, start] of group.entries()) {
      for (const { inVolume, inWindow, length } of rowsInside(size, patchSize, start)) {
        for (let x = 0; x < length; x++) {
          const weight = importance[inWindow + x] as number;
          weights[inVolume + x] = (weights[inVolume + x] as number) + weight;
          for (let k = 0; k < classes; k++) {
            const from = (window * classes + k) * patchVoxels + inWindow + x;
            const to = k * voxels + inVolume + x;
            logits[to] = (logits[to] as number) + weight * (predicted[from] as number);
          }
        }
      }
    }
  }
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) / (weights[i % voxels] as number);
  return { shape: [classes, ...size], values: logits };
}
