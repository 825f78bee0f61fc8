import type { LabelSet } from "../../plan/label-set.js";

/** A label of stored values with the values that the source's files have for them. */
export function inSourceValues(
  label: Uint8Array,
  { sourceValues }: Pick<LabelSet, "sourceValues">,
): Uint8Array | Uint16Array {
  if (sourceValues.every((value, stored) => value === stored)) return label;
  return Uint16Array.from(label, (stored) => sourceValues[stored] ?? stored);
}
