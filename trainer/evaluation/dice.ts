/**
 * Dice of each of `sets`, label values that count as one, in one case: 2tp / (2tp + fp + fn), undefined where neither labelling holds any of
 * them (tp + fp + fn = 0). Both labellings lie on the same grid. Voxels whose reference is the ignore label do not count (nnU-Net,
 * `compute_metrics`).
 */
export function diceOfCase(
  predicted: ArrayLike<number>,
  reference: ArrayLike<number>,
  sets: readonly (readonly number[])[],
  ignoreLabel?: number,
): (number | undefined)[] {
  if (predicted.length !== reference.length) {
    throw new RangeError(`${predicted.length} predicted voxels cannot be held against ${reference.length}`);
  }
  const values = 1 + Math.max(...sets.flat(), ignoreLabel ?? 0);
  // Voxels by both their values; those of no set are one value more.
  const pairs = new Float64Array((values + 1) ** 2);
  const known = (value: number) => (value >= 0 && value < values ? value : values);
  for (let voxel = 0; voxel < predicted.length; voxel++) {
    const r = known(reference[voxel] as number);
    if (r === ignoreLabel) continue;
    const pair = known(predicted[voxel] as number) * (values + 1) + r;
    pairs[pair] = (pairs[pair] as number) + 1;
  }
  return sets.map((set) => {
    const members = new Set(set);
    let [inEither, inBoth] = [0, 0];
    for (const [pair, voxels] of pairs.entries()) {
      const inPrediction = members.has(Math.floor(pair / (values + 1)));
      const inReference = members.has(pair % (values + 1));
      inEither += (Number(inPrediction) + Number(inReference)) * voxels;
      if (inPrediction && inReference) inBoth += voxels;
    }
    return inEither === 0 ? undefined : (2 * inBoth) / inEither;
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
