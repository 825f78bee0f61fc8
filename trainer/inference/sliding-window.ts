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

/** A model that labels windows. */
export interface WindowModel {
  readonly model: Pick<Model, "predict">;
  /** Axes of test-time mirroring: the mean over all 2^n flips is taken. */
  readonly mirrorAxes: readonly Axis[];
}

export interface SlabOptions {
  /** The plan's patch (Z,Y,X), whatever stage training has reached. */
  readonly patchSize: Zyx;
  /** Outputs of the network. */
  readonly classes: number;
  /** Windows that go through the network together. */
  readonly batchSize: number;
  readonly signal?: AbortSignal;
  /** Told the share of the windows that are done, 0 to 1. */
  readonly onWindows?: (share: number) => void;
}

export interface SlidingWindowOptions extends SlabOptions, Pick<WindowModel, "mirrorAxes"> {}

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

/** Mean logits (B,K,Z,Y,X) over all models, and of each over all flips of its `mirrorAxes`, each turned back. */
async function meanLogits(
  models: readonly WindowModel[],
  windows: Float32Array,
  batchSize: number,
  channels: number,
  { patchSize, classes }: Pick<SlidingWindowOptions, "patchSize" | "classes">,
): Promise<Float32Array> {
  const mean = new Float32Array(batchSize * classes * voxelCount(patchSize));
  for (const { model, mirrorAxes } of models) {
    const sets = flipSets(mirrorAxes);
    const share = sets.length * models.length;
    for (const axes of sets) {
      const logits = await model.predict(flip(windows, batchSize * channels, patchSize, axes), batchSize, patchSize);
      const turnedBack = flip(logits, batchSize * classes, patchSize, axes);
      for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (turnedBack[i] as number) / share;
    }
  }
  return mean;
}

/** Planes along Z whose logits are final. */
export interface Slab {
  /** The first plane. */
  readonly z: number;
  /** (K,planes,Y,X). */
  readonly logits: Maps;
}

/** Sums of the windows over the planes that windows of one start along Z reach; they move on with the windows. */
class WeightedPlanes {
  readonly #classes: number;
  readonly #size: Zyx;
  /** Planes held; the volume's, where it has fewer than the patch. */
  readonly #depth: number;
  readonly #logits: Float32Array;
  readonly #weights: Float32Array;
  #first = 0;

  constructor(classes: number, size: Zyx, patch: Zyx) {
    this.#classes = classes;
    this.#size = size;
    this.#depth = Math.min(size[0], patch[0]);
    const voxels = this.#depth * size[1] * size[2];
    this.#logits = new Float32Array(classes * voxels);
    this.#weights = new Float32Array(voxels);
  }

  add(predicted: Float32Array, start: Zyx, patch: Zyx, importance: Float32Array): void {
    const [classes, voxels, patchVoxels] = [this.#classes, this.#weights.length, voxelCount(patch)];
    const [logits, weights] = [this.#logits, this.#weights];
    const held: Zyx = [this.#depth, this.#size[1], this.#size[2]];
    const inHeld: Zyx = [start[0] - this.#first, start[1], start[2]];
    for (const { inVolume, inWindow, length } of rowsInside(held, patch, inHeld)) {
      for (let x = 0; x < length; x++) {
        const weight = importance[inWindow + x] as number;
        weights[inVolume + x] = (weights[inVolume + x] as number) + weight;
        for (let k = 0; k < classes; k++) {
          const to = k * voxels + inVolume + x;
          logits[to] = (logits[to] as number) + weight * (predicted[k * patchVoxels + inWindow + x] as number);
        }
      }
    }
  }

  /** Hands out the planes before `next`, or all, as means, and makes room for as many behind the last. */
  finish(next: number): Slab {
    const plane = this.#size[1] * this.#size[2];
    const planes = Math.min(next - this.#first, this.#depth);
    const [voxels, finished] = [this.#weights.length, planes * plane];
    const values = new Float32Array(this.#classes * finished);
    for (let k = 0; k < this.#classes; k++) {
      for (let i = 0; i < finished; i++) {
        values[k * finished + i] = (this.#logits[k * voxels + i] as number) / (this.#weights[i] as number);
      }
    }
    for (let k = 0; k < this.#classes; k++) shiftDown(this.#logits.subarray(k * voxels, (k + 1) * voxels), finished);
    shiftDown(this.#weights, finished);
    const slab: Slab = {
      z: this.#first,
      logits: { shape: [this.#classes, planes, this.#size[1], this.#size[2]], values },
    };
    this.#first = next;
    return slab;
  }
}

/** Moves all values down by `count`, and zeros up from behind. */
function shiftDown(values: Float32Array, count: number): void {
  values.copyWithin(0, count);
  values.fill(0, values.length - count);
}

/**
 * Logits of a whole volume on the grid of `image` (C,Z,Y,X), plane by plane from the first on: windows of the plan's patch half a patch
 * apart, their logits averaged with Gaussian weights (nnU-Net, `predict_sliding_window_return_logits`). No more planes are held than
 * a patch has.
 */
export async function* predictInSlabs(
  models: readonly WindowModel[],
  image: Maps,
  { patchSize, classes, batchSize, signal, onWindows }: SlabOptions,
): AsyncGenerator<Slab> {
  const [channels, ...size] = image.shape;
  const importance = gaussianImportance(patchSize);
  const starts = windowStarts(size, patchSize);
  const sums = new WeightedPlanes(classes, size, patchSize);
  const patchValues = classes * voxelCount(patchSize);
  let done = 0;
  for (const z of new Set(starts.map((start) => start[0]))) {
    if (z > 0) yield sums.finish(z);
    const ofPlane = starts.filter((start) => start[0] === z);
    for (let first = 0; first < ofPlane.length; first += batchSize) {
      signal?.throwIfAborted();
      const group = ofPlane.slice(first, first + batchSize);
      const windows = cutWindows(image, patchSize, group);
      const predicted = await meanLogits(models, windows, group.length, channels, { patchSize, classes });
      for (const [window, start] of group.entries()) {
        sums.add(predicted.subarray(window * patchValues, (window + 1) * patchValues), start, patchSize, importance);
      }
      done += group.length;
      onWindows?.(done / starts.length);
    }
  }
  yield sums.finish(size[0]);
}

/** The logits (K,Z,Y,X) of `predictInSlabs` of one model, all in memory. */
export async function predictBySlidingWindow(
  model: Pick<Model, "predict">,
  image: Maps,
  { mirrorAxes, ...options }: SlidingWindowOptions,
): Promise<Maps> {
  const { classes } = options;
  const [, ...size] = image.shape;
  const values = new Float32Array(classes * voxelCount(size));
  const plane = size[1] * size[2];
  for await (const { z, logits } of predictInSlabs([{ model, mirrorAxes }], image, options)) {
    const finished = logits.shape[1] * plane;
    for (let k = 0; k < classes; k++)
      values.set(logits.values.subarray(k * finished, (k + 1) * finished), k * voxelCount(size) + z * plane);
  }
  return { shape: [classes, ...size], values };
}
