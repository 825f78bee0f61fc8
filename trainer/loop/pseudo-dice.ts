import type { HardCounts } from "../engines/engine.js";

/** Dice of each class over all voxels of an epoch's validation batches, and their mean. */
export interface PseudoDice {
  /** 0 to 1; undefined where neither prediction nor label holds the class. */
  readonly perClass: readonly (number | undefined)[];
  /** Over the classes that have one; undefined where none has. */
  readonly mean: number | undefined;
}

/**
 * nnU-Net's pseudo Dice (`nnUNetTrainer.on_validation_epoch_end`): 2 tp / (2 tp + fp + fn) of the counts of all batches together, a class that is
 * nowhere left out of the mean. `batches`: the counts of each class (or region), batch by batch.
 */
export function pseudoDice(batches: readonly (readonly HardCounts[])[]): PseudoDice {
  const [classes = []] = batches;
  const perClass = classes.map((_, index) => {
    const sum = (count: keyof HardCounts) =>
      batches.reduce((total, counts) => total + (counts[index]?.[count] ?? 0), 0);
    const twice = 2 * sum("truePositive");
    const all = twice + sum("falsePositive") + sum("falseNegative");
    return all === 0 ? undefined : twice / all;
  });
  const known = perClass.filter((dice) => dice !== undefined);
  const mean = known.length === 0 ? undefined : known.reduce((sum, dice) => sum + dice, 0) / known.length;
  return { perClass, mean };
}

/** The next moving average: 0.9 of the one before, 0.1 of `mean` (nnU-Net's `ema_fg_dice`); the first is `mean` itself. */
export function smoothed(before: number | undefined, mean: number): number {
  return before === undefined ? mean : before * 0.9 + 0.1 * mean;
}
