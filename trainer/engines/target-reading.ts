import { refuse } from "../../plan/errors.js";
import type { NetworkDescription } from "../networks/network.js";
import { IGNORED_LABEL } from "./constants.js";
import type { LabelOptions } from "./engine.js";

/** How the values of a label become the targets of a network's outputs. */
export interface TargetReading {
  readonly kind: "classes" | "regions";
  /** The label values of each output. */
  readonly outputs: readonly (readonly number[])[];
  /** Values of voxels that count are 0 to this, outside. */
  readonly values: number;
  /** Absent where the data set has none. */
  readonly ignoreLabel?: number;
}

/**
 * The reading of labels for `network`. Throws SPEC_INVALID where it has not one output for each region, and for an ignore label that is not above
 * all others.
 */
export function targetReading(network: NetworkDescription, options: LabelOptions): TargetReading {
  const { labels = { kind: "classes" }, ignoreLabel } = options;
  const outputs =
    labels.kind === "regions" ? labels.regions : Array.from({ length: network.classes }, (_, value) => [value]);
  if (outputs.length !== network.classes)
    refuse("labels.regions.length", outputs.length, `${network.classes}, the network's outputs`);
  const values = 1 + Math.max(...outputs.flat());
  if (ignoreLabel !== undefined && ignoreLabel < values) refuse("ignoreLabel", ignoreLabel, `at least ${values}`);
  return { kind: labels.kind, outputs, values, ...(ignoreLabel !== undefined && { ignoreLabel }) };
}

/** The first value of `label` that `reading` does not know. */
export function unknownValue({ values, ignoreLabel }: TargetReading, label: Uint8Array): number | undefined {
  return label.find((value) => value >= values && value !== IGNORED_LABEL && value !== ignoreLabel);
}

/** Outputs of the background, which the Dice leaves out: the first of classes, none of regions. */
export function backgroundOutputs({ kind }: TargetReading): number {
  return kind === "classes" ? 1 : 0;
}
