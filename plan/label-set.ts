/** A region: a union of label values that is learnt and sampled as one, nnU-Net's region-based training. */
export interface LabelRegion {
  readonly name: string;
  /** The stored label values that it is made of, ascending. */
  readonly values: readonly number[];
  /** The source value that a predicted voxel of it has: nnU-Net's `regions_class_order`, in which later regions go over earlier ones. */
  readonly exportValue: number;
}

/** What a data set's label values mean. Stored values are 0 to n - 1 without a gap, in the order of the source's. */
export interface LabelSet {
  /** Label name to stored value, background included and the ignore label not. */
  readonly labels: Readonly<Record<string, number>>;
  /** What the source's files call each stored value; the ignore label, if there is one, is the last. */
  readonly sourceValues: readonly number[];
  /** What foreground patches are drawn by, ascending: the foreground values, or 1 to n for regions, in their order. */
  readonly classes: readonly number[];
  /** In the order of `classes`; absent where classes are single values. */
  readonly regions?: readonly LabelRegion[];
  /** The stored value of voxels that nobody has labelled; the largest one. Random patches are drawn around labelled voxels then. */
  readonly ignoreLabel?: number;
}

/** The class of a location list that holds voxels of every label but the ignore label, background included. */
export const ANNOTATED = 0;

/** The classes that a case has lists of locations for: the foreground's, and with an ignore label `ANNOTATED`, last. */
export function locationClasses({
  classes,
  ignoreLabel,
}: Pick<LabelSet, "classes" | "ignoreLabel">): readonly number[] {
  return ignoreLabel === undefined ? classes : [...classes, ANNOTATED];
}

/** The stored label values of a class of `locationClasses`. */
export function valuesOfClass(set: LabelSet, of: number): readonly number[] {
  // nnU-Net counts -1, what the crop masked, as annotated (default_preprocessor.py).
  if (of === ANNOTATED) return [-1, ...set.sourceValues.keys()].filter((value) => value !== set.ignoreLabel);
  return set.regions?.[set.classes.indexOf(of)]?.values ?? [of];
}

/** The stored values of foreground voxels, ascending. */
export function foregroundValues({ sourceValues, ignoreLabel }: LabelSet): readonly number[] {
  return [...sourceValues.keys()].filter((value) => value > 0 && value !== ignoreLabel);
}
