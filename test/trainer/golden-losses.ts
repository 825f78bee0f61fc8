import { readFileSync } from "node:fs";
import type { Zyx } from "../../plan/zyx.js";
import type { LabelOptions } from "../../trainer/engines/engine.js";
import { uniforms } from "./engines/sample-batch.js";

/** What nnU-Net makes of logits and a label. */
interface GoldenCase {
  readonly name: string;
  readonly seed: number;
  readonly batchDice: boolean;
  readonly outputs: number;
  /** Label values of each region, and what nnU-Net calls a predicted voxel of it (`regions_class_order`). */
  readonly regions?: readonly (readonly number[])[];
  readonly order?: readonly number[];
  readonly ignoreLabel?: number;
  /** (B,Z,Y,X). */
  readonly label: readonly number[];
  readonly loss: number;
  /** Of the logits (B,K,Z,Y,X). */
  readonly gradient: readonly number[];
  readonly truePositive: readonly number[];
  readonly falsePositive: readonly number[];
  readonly falseNegative: readonly number[];
  /** (Z,Y,X), of the first sample. */
  readonly segmentation: readonly number[];
  /** Of the first sample's segmentation: of each foreground class or region. */
  readonly dice: readonly (number | null)[];
}

/** losses.py says how it is made. */
export const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/losses.json", import.meta.url), "utf8"),
) as { readonly batchSize: number; readonly size: Zyx; readonly cases: readonly GoldenCase[] };

/** The logits (B,K,Z,Y,X) of a case. */
export function logitsOf({ seed, gradient }: GoldenCase): Float32Array {
  const draw = uniforms(seed);
  return Float32Array.from(gradient, () => 12 * draw() - 6);
}

/** How an engine is told to read the labels of a case. */
export function labelsOf({ regions, ignoreLabel }: GoldenCase): LabelOptions {
  return {
    labels: regions === undefined ? { kind: "classes" } : { kind: "regions", regions },
    ...(ignoreLabel !== undefined && { ignoreLabel }),
  };
}
