import type { LabelClass } from "../evaluation/evaluate.js";

/** What of a batch's label is foreground. */
export interface BatchForeground {
  /** Of all its voxels, 0 to 1. */
  readonly foregroundShare: number;
  /** Foreground classes or regions that it holds. */
  readonly classes: number;
}

/** Counts the foreground of `label`, stored values of a whole batch. What is in no class (background, what the loss leaves out) is none. */
export function foregroundOf(label: Uint8Array, classes: readonly Pick<LabelClass, "values">[]): BatchForeground {
  const voxels = new Uint32Array(256);
  for (let i = 0; i < label.length; i++) voxels[label[i] as number] = (voxels[label[i] as number] as number) + 1;
  const values = new Set(classes.flatMap((one) => one.values));
  const foreground = [...values].reduce((sum, value) => sum + (voxels[value] ?? 0), 0);
  const held = classes.filter((one) => one.values.some((value) => (voxels[value] ?? 0) > 0));
  return { foregroundShare: foreground / label.length, classes: held.length };
}
