/**
 * Dice of each class of one case, in the order of `classes`: 2tp / (2tp + fp + fn), undefined where neither labelling holds
 * the class (tp + fp + fn = 0). Both labellings lie on the same grid.
 */
export function diceOfCase(
  predicted: ArrayLike<number>,
  reference: ArrayLike<number>,
  classes: readonly number[],
): (number | undefined)[] {
  if (predicted.length !== reference.length) {
    throw new RangeError(`${predicted.length} predicted voxels cannot be held against ${reference.length}`);
  }
  const rank = new Map(classes.map((value, i) => [value, i]));
  const inPrediction = new Float64Array(classes.length);
  const inReference = new Float64Array(classes.length);
  const inBoth = new Float64Array(classes.length);
  for (let voxel = 0; voxel < predicted.length; voxel++) {
    const [p, r] = [rank.get(predicted[voxel] as number), rank.get(reference[voxel] as number)];
    if (p !== undefined) inPrediction[p] = (inPrediction[p] as number) + 1;
    if (r !== undefined) inReference[r] = (inReference[r] as number) + 1;
    if (p !== undefined && p === r) inBoth[p] = (inBoth[p] as number) + 1;
  }
  return classes.map((_, i) => {
    const voxels = (inPrediction[i] as number) + (inReference[i] as number);
    return voxels === 0 ? undefined : (2 * (inBoth[i] as number)) / voxels;
  });
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const defined = values.filter((value) => value !== undefined);
  return defined.length === 0 ? undefined : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

export interface DiceSummary {
  /** Mean over the cases where the class has a Dice; undefined where none has. */
  readonly perClass: readonly (number | undefined)[];
  /** Mean over the classes that have one. */
  readonly mean: number | undefined;
}

/** Mean over cases, then over classes, undefined values left out (nnU-Net, `compute_metrics_on_folder`). */
export function summarizeDice(cases: readonly (readonly (number | undefined)[])[], classCount: number): DiceSummary {
  const perClass = Array.from({ length: classCount }, (_, i) => mean(cases.map((dice) => dice[i])));
  return { perClass, mean: mean(perClass) };
}
