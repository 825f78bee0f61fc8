import type { Batch, Tensor } from "../../client/types.js";
import type { Stage } from "../../plan/curriculum/stage.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { ImageType, LabelType, Layout } from "../../plan/run-spec/resolved-spec.js";
import { voxelCount } from "../../plan/zyx.js";
import type { TrainingBatch } from "../engines/engine.js";

/** Label of voxels that the loss ignores. */
const IGNORED = 255;

/** `bytes` on their own memory when a typed array could not begin where they do. */
function aligned(bytes: Uint8Array, elementBytes: number): Uint8Array {
  return bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
}

/** The value of each of the 65,536 half-precision numbers. */
function halfTable(): Float32Array {
  return Float32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

let halves: Float32Array | undefined;

function decodeImage({ type, bytes }: Tensor<ImageType>): Float32Array {
  if (type === "f32") {
    const own = aligned(bytes, 4);
    return new Float32Array(own.buffer, own.byteOffset, own.byteLength / 4);
  }
  const own = aligned(bytes, 2);
  const words = new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2);
  if (type === "bf16") return new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
  halves ??= halfTable();
  const table = halves;
  return Float32Array.from(words, (word) => table[word] as number);
}

function decodeLabel({ type, bytes }: Tensor<LabelType>): Uint8Array {
  if (type === "u8") return bytes;
  const own = aligned(bytes, 2);
  const values = new Int16Array(own.buffer, own.byteOffset, own.byteLength / 2);
  return Uint8Array.from(values, (value) => (value < 0 ? IGNORED : value));
}

/** (B,Z,Y,X,C) to (B,C,Z,Y,X), `samples` of `voxels` voxels each. */
function channelsFirst(values: Float32Array, samples: number, voxels: number, channels: number): Float32Array {
  if (channels === 1) return values;
  const turned = new Float32Array(values.length);
  for (let sample = 0; sample < samples; sample++) {
    const base = sample * voxels * channels;
    for (let voxel = 0; voxel < voxels; voxel++) {
      for (let channel = 0; channel < channels; channel++) {
        turned[base + channel * voxels + voxel] = values[base + voxel * channels + channel] as number;
      }
    }
  }
  return turned;
}

function checkShape(step: number, name: string, got: readonly number[], want: readonly number[]): void {
  const text = (shape: readonly number[]) => `${name} ${shape.join("x")}`;
  if (text(got) !== text(want))
    throw new PatchstreamError({ code: "PATCH_MISMATCH", step, got: text(got), want: text(want) });
}

/**
 * A batch from the wire in the engine's terms. Throws PATCH_MISMATCH when its tensors have not the size of `stage`, whatever
 * size they have instead, so that no step is taken on it. May be a view on the batch's own bytes.
 */
export function trainingBatch(
  batch: Pick<Batch, "step" | "image" | "label">,
  stage: Stage,
  layout: Layout,
  channels: number,
): TrainingBatch {
  const { patchSize, batchSize } = stage;
  const [first, last] = layout === "channels-first" ? [[channels], []] : [[], [channels]];
  checkShape(batch.step, "image", batch.image.shape, [batchSize, ...first, ...patchSize, ...last]);
  checkShape(batch.step, "label", batch.label.shape, [batchSize, ...patchSize]);
  const image = decodeImage(batch.image);
  return {
    image: layout === "channels-first" ? image : channelsFirst(image, batchSize, voxelCount(patchSize), channels),
    label: decodeLabel(batch.label),
    batchSize,
    patchSize,
  };
}
