import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ingest, largestLabel, openStore, volumeBytes } from "../loader/index.js";
import type { NetworkPlan } from "../plan/index.js";
import { PARCELS, parcelLabel } from "./label-parcels.js";

/** Size of a made CT volume (Z,Y,X): 16 million voxels, 63 MiB once stored as float32. */
const SHAPE = [160, 320, 320] as const;
const HEADER_BYTES = 352;

/** A NIfTI-1 file of `SHAPE` voxels, 1 mm apart. */
function nifti(voxels: Int16Array | Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(348, 0);
  for (const [i, extent] of [3, SHAPE[2], SHAPE[1], SHAPE[0], 1, 1, 1, 1].entries())
    header.writeInt16LE(extent, 40 + 2 * i);
  const isLabel = voxels instanceof Uint8Array;
  header.writeInt16LE(isLabel ? 2 : 4, 70);
  header.writeInt16LE(isLabel ? 8 : 16, 72);
  for (let i = 0; i < 4; i++) header.writeFloatLE(1, 76 + 4 * i);
  header.writeFloatLE(HEADER_BYTES, 108);
  header.writeFloatLE(1, 112);
  header.write("n+1\0", 344, "latin1");
  return Buffer.concat([header, Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength)]);
}

/** A body of smooth texture with one organ in it, different for each `number`. */
function makeCase(number: number): { image: Int16Array; label: Uint8Array } {
  const image = new Int16Array(SHAPE[0] * SHAPE[1] * SHAPE[2]);
  const label = new Uint8Array(image.length);
  const centre = [60 + 15 * number, 140 + 20 * number, 180 - 15 * number] as const;
  for (let z = 0, i = 0; z < SHAPE[0]; z++)
    for (let y = 0; y < SHAPE[1]; y++)
      for (let x = 0; x < SHAPE[2]; x++, i++) {
        const distance = ((z - centre[0]) / 30) ** 2 + ((y - centre[1]) / 50) ** 2 + ((x - centre[2]) / 50) ** 2;
        const texture = ((z * 7 + number * 13) ^ (y * 3) ^ (x * 5)) & 127;
        label[i] = distance < 1 ? 1 : 0;
        image[i] = 1 + texture + (distance < 1 ? 200 : 0);
      }
  return { image, label };
}

/**
 * Makes a store of CT-sized cases, four where not said and at most six, in `folder`. With it come the plan that most of the paper's CT
 * data sets have, and the memory that a volume takes. The label is one organ, or `parcelLabel`'s many classes.
 */
export async function makeCtStore(
  folder: string,
  cases = 4,
  classes: "organ" | "parcels" = "organ",
): Promise<{ readonly path: string; readonly plan: NetworkPlan; readonly volumeBytes: number }> {
  const raw = join(folder, `CtSized-${classes}`);
  await mkdir(join(raw, "imagesTr"), { recursive: true });
  await mkdir(join(raw, "labelsTr"), { recursive: true });
  const description = {
    channel_names: { 0: "CT" },
    labels: { background: 0, ...(classes === "organ" ? { organ: 1 } : parcelNames()) },
    numTraining: cases,
    file_ending: ".nii",
  };
  await writeFile(join(raw, "dataset.json"), JSON.stringify(description));
  for (let number = 0; number < cases; number++) {
    const { image, label } = makeCase(number);
    await writeFile(join(raw, "imagesTr", `case_${number}_0000.nii`), nifti(image));
    await writeFile(
      join(raw, "labelsTr", `case_${number}.nii`),
      nifti(classes === "organ" ? label : parcelLabel(SHAPE, number)),
    );
  }
  const path = join(folder, `ct-store-${classes}`);
  await ingest(raw, path, { name: "CtSized" });
  await using store = await openStore(path);
  const { dataset } = store;
  return {
    path,
    plan: { patchSize: [128, 128, 128], batchSize: 2, pooling: [5, 5, 5] },
    volumeBytes: Math.max(...dataset.cases.map((entry) => volumeBytes(entry, largestLabel(dataset)))),
  };
}

function parcelNames(): Record<string, number> {
  return Object.fromEntries(Array.from({ length: PARCELS }, (_, index) => [`parcel ${index + 1}`, index + 1]));
}
