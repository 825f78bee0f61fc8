import type { View } from "../view.js";

/** The colour and dashes of a method: the same in every picture of a report. */
export function methodColour({ methods }: View, method: string): number {
  return Math.max(0, methods.indexOf(method));
}
