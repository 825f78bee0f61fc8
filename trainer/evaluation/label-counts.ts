/** Voxels of a class in a predicted label and its reference: what Dice and the rest are made of. */
export interface LabelCounts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Label values are below this. */
const VALUES = 2 ** 16;

/**
 * Counts of each class, a class being a set of label values, over the voxels whose reference is not `ignored`. Both labels lie on the
 * same grid.
 */
export function countLabels(
  predicted: Uint8Array | Uint16Array,
  reference: Uint16Array,
  classes: readonly (readonly number[])[],
  ignored?: number,
): LabelCounts[] {
  if (predicted.length !== reference.length)
    throw new RangeError(`${predicted.length} predicted voxels cannot be held against ${reference.length}`);
  const pairs = countPairs(predicted, reference);
  return classes.map((values) => {
    const isOf = new Set(values);
    let [truePositive, falsePositive, falseNegative, trueNegative] = [0, 0, 0, 0];
    for (const [pair, count] of pairs) {
      const [inPrediction, value] = [isOf.has(Math.floor(pair / VALUES)), pair % VALUES];
      if (value === ignored) continue;
      const inReference = isOf.has(value);
      if (inPrediction && inReference) truePositive += count;
      else if (inPrediction) falsePositive += count;
      else if (inReference) falseNegative += count;
      else trueNegative += count;
    }
    return { truePositive, falsePositive, falseNegative, trueNegative };
  });
}

/** How many voxels have each pair of values, by predicted * VALUES + reference. */
function countPairs(predicted: Uint8Array | Uint16Array, reference: Uint16Array): Map<number, number> {
  const counts = new Map<number, number>();
  let run = 0;
  for (let voxel = 0; voxel < predicted.length; voxel++) {
    const pair = (predicted[voxel] as number) * VALUES + (reference[voxel] as number);
    const next = (predicted[voxel + 1] as number) * VALUES + (reference[voxel + 1] as number);
    run++;
    if (pair === next) continue;
    counts.set(pair, (counts.get(pair) ?? 0) + run);
    run = 0;
  }
  return counts;
}

/** Dice of counts; NaN where neither labelling has the class (nnU-Net, `compute_metrics`). */
export function diceOf({ truePositive, falsePositive, falseNegative }: LabelCounts): number {
  return (2 * truePositive) / (2 * truePositive + falsePositive + falseNegative);
}

/** Intersection over union; NaN as in `diceOf`. */
export function iouOf({ truePositive, falsePositive, falseNegative }: LabelCounts): number {
  return truePositive / (truePositive + falsePositive + falseNegative);
}
