import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Zyx } from "../../plan/index.js";
import { writeNifti } from "../dataset/write-nifti.js";
import { temporaryFolder } from "./golden-cases.js";

type Ball = readonly [value: number, centre: Zyx, radiusMm: number];

/** What nnU-Net and MONAI said; evaluation.py says how. */
export interface Golden {
  readonly shape: Zyx;
  readonly spacing: Zyx;
  readonly tolerance: number;
  readonly cases: Readonly<Record<string, readonly [predicted: readonly Ball[], reference: readonly Ball[]]>>;
  readonly sets: readonly {
    readonly name: string;
    readonly classes: readonly (number | readonly number[])[];
    readonly ignore: number | null;
    readonly summary: string;
  }[];
  readonly surfaces: Readonly<Record<string, Readonly<Record<string, readonly (number | "NaN")[]>>>>;
}

export const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/evaluation.json", import.meta.url), "utf8"),
) as Golden;
export const { shape, spacing } = golden;

export function draw(balls: readonly Ball[]): Uint16Array {
  const label = new Uint16Array(shape[0] * shape[1] * shape[2]);
  for (const [value, centre, radius] of balls)
    for (let voxel = 0; voxel < label.length; voxel++) {
      const at = [Math.floor(voxel / (shape[1] * shape[2])), Math.floor(voxel / shape[2]) % shape[1], voxel % shape[2]];
      const way = at.map((place, axis) => (place - (centre[axis] as number)) * (spacing[axis] as number));
      if (way.reduce((sum, mm) => sum + mm * mm, 0) <= radius * radius) label[voxel] = value;
    }
  return label;
}

/** `predicted/` and `reference/` in a new folder, as evaluation.py had them. */
export function writeCases(scope: { teardown(end: () => unknown): void }): string {
  const folder = temporaryFolder(scope);
  for (const [id, pair] of Object.entries(golden.cases))
    for (const [part, name] of ["predicted", "reference"].entries()) {
      const file = { shape, spacingMm: spacing, datatype: "uint8" as const, values: draw(pair[part as 0 | 1]) };
      writeNifti(join(folder, name, `${id}.nii.gz`), file);
    }
  return folder;
}

/** A dataset.json with these classes, and as many values as it takes to leave no gap below the ignored one. */
export function datasetJson(classes: Golden["sets"][number]["classes"], ignore: number | null): object {
  const named = classes.map((values, i) => [`class ${i}`, values] as const);
  return {
    channel_names: { 0: "CT" },
    labels: { background: 0, ...Object.fromEntries(named), ...(ignore !== null && { ignore }) },
    ...(classes.some((values) => typeof values === "object") && { regions_class_order: [1, 2, 3] }),
    file_ending: ".nii.gz",
  };
}
