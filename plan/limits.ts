/** Bounds of what a spec may ask for: far beyond any training, and small enough that a hostile one costs nothing. */
export const LIMITS = {
  /** Voxels on an axis of a patch. */
  patchAxis: 2048,
  /** Voxels of a batch, one channel. */
  batchVoxels: 2 ** 31,
  batchSize: 2 ** 16,
  poolings: 10,
  /** Levels of a network. */
  levels: 16,
  features: 4096,
  /** Residual blocks of a level. */
  blocks: 64,
  stages: 1024,
  epochs: 100_000,
  stepsPerEpoch: 100_000,
  /** Image channels that a transform names. */
  channels: 1024,
  /** Cases in a list of the split. */
  cases: 100_000,
  folds: 1000,
  /** Characters of a name. */
  name: 256,
} as const;
