import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NiftiToWrite, writeNifti } from "./write-nifti.js";

export interface RawToWrite {
  readonly ids?: readonly string[];
  readonly channelNames?: readonly string[];
  readonly shape?: readonly number[];
  readonly image?: Partial<NiftiToWrite>;
  readonly label?: Partial<NiftiToWrite>;
  /** Fields of dataset.json to replace; undefined takes one away. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/**
 * A raw data set in nnU-Net's layout. Voxel i of channel c has the value i + 1000 c, stored as it is (channel name "noNorm");
 * its label is i mod 3, so that classes 1 and 2 are everywhere.
 */
export function writeRawDataset(folder: string, raw: RawToWrite = {}): void {
  const { ids = ["phantom_1", "phantom_2"], channelNames = ["noNorm"], shape = [5, 6, 7] } = raw;
  const voxels = shape.reduce((a, b) => a * b, 1);
  mkdirSync(folder, { recursive: true });
  for (const id of ids) {
    for (const [channel] of channelNames.entries()) {
      const values = Float32Array.from({ length: voxels }, (_, i) => i + 1000 * channel);
      const path = join(folder, "imagesTr", `${id}_${String(channel).padStart(4, "0")}.nii.gz`);
      writeNifti(path, { shape, values, datatype: "float32", ...raw.image });
    }
    const values = Uint8Array.from({ length: voxels }, (_, i) => i % 3);
    writeNifti(join(folder, "labelsTr", `${id}.nii.gz`), { shape, values, datatype: "uint8", ...raw.label });
  }
  writeDatasetJson(folder, {
    channel_names: Object.fromEntries(channelNames.map((name, channel) => [channel, name])),
    labels: { background: 0, first: 1, second: 2 },
    numTraining: ids.length,
    file_ending: ".nii.gz",
    ...raw.json,
  });
}

export function writeDatasetJson(folder: string, json: unknown): void {
  writeFileSync(join(folder, "dataset.json"), JSON.stringify(json));
}
