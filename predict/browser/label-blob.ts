import { checkChannelCount, labelHeader, prepareSource, readNiftiBlob, splitChannels } from "../../loader/browser.js";
import type { Zyx } from "../../plan/index.js";
import { inSourceValues, labelFile, labelMaker, labelReading, predictInSlabs } from "../../trainer/browser.js";
import { type ClassVolume, classVolumes } from "./class-volumes.js";
import type { OnnxModel } from "./onnx-model.js";

export interface LabelBlobOptions {
  /** Logits (1,K,Z,Y,X) of the network for one window (1,C,Z,Y,X). */
  readonly predict: (window: Float32Array, batchSize: number, size: Zyx) => Promise<Float32Array>;
  /** Whether to take the mean over all flips of the model's `mirrorAxes`. */
  readonly mirror: boolean;
  /** Told the share of the windows that are done, 0 to 1. */
  readonly tell: (share: number) => void;
  readonly signal?: AbortSignal;
}

/** The label of an image. */
export interface LabelledBlob {
  /** A NIfTI file, not gzipped, that lies where the image lies. */
  readonly nifti: Blob;
  readonly volumes: readonly ClassVolume[];
  /** Voxels of the image that were NaN or infinite and counted as 0. */
  readonly zeroed: number;
}

/**
 * Labels one NIfTI file, which has all channels, voxel for voxel as `labelImages` does with the same logits. Throws INPUT_DAMAGED calling
 * the file `name`.
 */
export async function labelBlob(
  name: string,
  file: Blob,
  model: OnnxModel,
  { predict, mirror, tell, signal }: LabelBlobOptions,
): Promise<LabelledBlob> {
  const { labelSet, patchSize, outputs, preparation } = model;
  const { header, headerBytes, voxels, zeroed } = await readNiftiBlob(name, file, "zero");
  const [channelCount, ...shape] = header.shape;
  checkChannelCount(name, channelCount, preparation.normalizations.length, "the model");
  const { spacingMm, affine } = header;
  const channels = splitChannels({ header, voxels });
  const label = new Int16Array(shape[0] * shape[1] * shape[2]);
  const prepared = prepareSource(name, { shape, channels, label, spacingMm, affine }, preparation).prepare();

  const [, ...size] = prepared.shape;
  const maker = labelMaker([outputs, ...size], prepared.geometry, labelReading(labelSet));
  const models = [{ model: { predict }, mirrorAxes: mirror ? model.mirrorAxes : [] }];
  const window = { patchSize, classes: outputs, batchSize: 1, onWindows: tell, ...(signal && { signal }) };
  for await (const slab of predictInSlabs(models, prepared, window)) maker.take(slab);

  const inFile = inSourceValues(maker.label, labelSet);
  return {
    nifti: new Blob(labelFile(labelHeader(headerBytes), inFile) as Uint8Array<ArrayBuffer>[]),
    volumes: classVolumes(maker.label, labelSet, spacingMm),
    zeroed,
  };
}
