import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, gunzipSync } from "node:zlib";
import { parseLabels } from "../../loader/dataset/raw/parse-labels.js";
import { RECIPE, type ResolvedSpec, type Zyx } from "../../plan/index.js";
import { parseNnunetPlans } from "../../plan/run-spec/nnunet-plans.js";
import { describeNetwork } from "../../trainer/networks/describe.js";
import { type Checkpoint, writeCheckpoint } from "../../trainer/run-folder/checkpoint.js";
import { writeNifti } from "../dataset/write-nifti.js";
import { knownState, sequence } from "../trainer/networks/known.js";

/** An image of predict.py: a file of the repository, or int16 from 1 to `spread` in a box, 0 around it. */
type GoldenImage = string | { shape: Zyx; box: readonly [start: Zyx, end: Zyx]; spacing: Zyx; spread: number };

/** What nnU-Net's predictor made of an image; predict.py says how. */
export interface GoldenCase {
  readonly name: string;
  readonly images: readonly GoldenImage[];
  readonly mirror: readonly (0 | 1 | 2)[];
  readonly dataset: {
    readonly channel_names: Readonly<Record<string, string>>;
    readonly labels: unknown;
    readonly regions_class_order?: unknown;
  };
  readonly plans: unknown;
  readonly shape: Zyx;
  readonly label: string;
  /** Every 331st of nnU-Net's (K,Z,Y,X), to six digits. */
  readonly probabilities: readonly number[];
}

const root = new URL("../../../", import.meta.url);

export const goldenCases = (
  JSON.parse(readFileSync(new URL("test/golden/predict.json", root), "utf8")) as { cases: readonly GoldenCase[] }
).cases;

/** (Z,Y,X) of the source, as nnU-Net writes it. */
export function goldenLabel({ label }: GoldenCase): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(label, "base64")));
}

export function temporaryFolder({ teardown }: { teardown(end: () => unknown): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-predict-"));
  teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A run folder with the golden case's network and its known weights; `change` makes another of it. */
export function writeModel(
  folder: string,
  { plans, dataset, mirror }: GoldenCase,
  change: (checkpoint: Checkpoint) => Checkpoint = (checkpoint) => checkpoint,
): string {
  const plan = parseNnunetPlans(plans);
  const channelNames = Object.values(dataset.channel_names);
  const { labels, sourceValues, classes, regions } = parseLabels(dataset.labels, dataset.regions_class_order);
  const network = describeNetwork(plan, {
    network: plan.blocks === undefined ? "plain-unet" : "residual-unet",
    channels: channelNames.length,
    classes: regions?.length ?? sourceValues.length,
  });
  const spec: ResolvedSpec = {
    recipe: RECIPE,
    dataset: "Golden",
    datasetDigest: "00",
    split: { train: ["a"], val: [] },
    plan,
    stages: [{ patchSize: plan.patchSize, batchSize: 2, epochs: 1, foregroundFraction: 0.33 }],
    stageOrder: "scheduled",
    strategy: "nnunet",
    epochs: 1,
    stepsPerEpoch: 1,
    valSteps: 0,
    seed: 1,
    augmentation: mirror.length > 0 ? [{ kind: "mirror", axes: mirror }] : [],
    wire: { image: "f32", label: "u8", layout: "channels-first" },
    deepSupervision: false,
  };
  mkdirSync(folder, { recursive: true });
  const checkpoint = {
    step: 1,
    digest: "00",
    spec,
    network,
    batchDice: false,
    labels,
    trainedOn: {
      name: "Golden",
      plans,
      channelNames,
      labelSet: { labels, sourceValues, classes, ...(regions && { regions }) },
    },
    decisions: [],
    progress: { epochs: 1 },
    model: knownState(network),
    losses: [1],
  };
  writeCheckpoint(folder, change(checkpoint));
  return folder;
}

/** Writes the case's image as `ID_0000.nii.gz` and so on; returns the files. */
export function writeImages(folder: string, { images }: GoldenCase, id: string): string[] {
  return images.map((image, channel) => {
    const path = join(folder, `${id}_${String(channel).padStart(4, "0")}.nii.gz`);
    mkdirSync(folder, { recursive: true });
    if (typeof image === "string") cpSync(fileURLToPath(new URL(image, root)), path);
    else
      writeNifti(path, {
        shape: image.shape,
        spacingMm: image.spacing,
        values: voxelsOf(image, channel),
        ...placed(image.spacing),
      });
    return path;
  });
}

/** Where an image of a spacing (Z,Y,X) lies: X to the left, Y to the front, Z up. */
function placed([z, y, x]: Zyx) {
  return {
    qform: { bcd: [0, 0, 1], offset: [-12.5, 7.25, 30] },
    sform: [
      [-x, 0, 0, -12.5],
      [0, -y, 0, 7.25],
      [0, 0, z, 30],
    ],
    description: "a patient's name",
  };
}

function voxelsOf({ shape, box: [start, end], spread }: Exclude<GoldenImage, string>, channel: number): Int16Array {
  const [depth, height, width] = shape;
  const values = sequence(`image${channel}`, depth * height * width);
  return Int16Array.from(values, (value, i) => {
    const at = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width] as const;
    const isInside = at.every((place, axis) => place >= (start[axis] as number) && place < (end[axis] as number));
    return isInside ? 1 + Math.floor((value + 0.5) * spread) : 0;
  });
}

/** The values of the one array in a .npz file, which is stored as it is, and the header of that array. */
export function readNpz(path: string): { header: string; values: Float32Array } {
  const file = readFileSync(path);
  const start = 30 + file.readUInt16LE(26);
  const npy = file.subarray(start, start + file.readUInt32LE(18));
  if (file.readUInt32LE(14) !== crc32(npy)) throw new Error("the CRC-32 of the entry is wrong");
  const end = 10 + npy.readUInt16LE(8);
  return {
    header: npy.toString("latin1", 10, end),
    values: new Float32Array(Uint8Array.from(npy.subarray(end)).buffer),
  };
}
