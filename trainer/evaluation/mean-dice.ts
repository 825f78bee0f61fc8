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
