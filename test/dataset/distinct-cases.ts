import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeNifti } from "./write-nifti.js";
import { writeDatasetJson } from "./write-raw-dataset.js";

/** Of each case; so that a shard of one would fit another. */
export const SHAPE = [20, 36, 36] as const;

/**
 * A raw data set whose cases have one shape and different voxels. `seeds` has what each case is made of, by its id: the same seed
 * makes the same files.
 */
export function writeDistinctCases(raw: string, seeds: Readonly<Record<string, number>>): void {
  mkdirSync(raw, { recursive: true });
  for (const [id, seed] of Object.entries(seeds)) writeDistinctCase(raw, id, seed);
  writeDatasetJson(raw, {
    channel_names: { 0: "noNorm" },
    labels: { background: 0, first: 1, second: 2 },
    numTraining: Object.keys(seeds).length,
    file_ending: ".nii.gz",
  });
}

export function writeDistinctCase(raw: string, id: string, seed: number): void {
  const voxels = SHAPE.reduce((a, b) => a * b, 1);
  const image = Float32Array.from({ length: voxels }, (_, i) => 1 + ((i * 31 + seed * 1009) % 4099));
  const label = Uint8Array.from({ length: voxels }, (_, i) => (Math.floor(i / 5) + seed) % 3);
  writeNifti(join(raw, "imagesTr", `${id}_0000.nii.gz`), { shape: SHAPE, values: image, datatype: "float32" });
  writeNifti(join(raw, "labelsTr", `${id}.nii.gz`), { shape: SHAPE, values: label, datatype: "uint8" });
}
