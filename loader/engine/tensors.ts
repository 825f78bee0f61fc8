import type { ImageType, LabelType, ResolvedSpec, WireFormat } from "../../plan/spec.js";
import { voxelCount, type Zyx } from "../../plan/zyx.js";

/** Where a tensor lies in the bytes of its batch. */
export interface TensorPlace<Name extends string, Type extends string> {
  readonly name: Name;
  readonly type: Type;
  readonly shape: readonly number[];
  /** Bytes from the start of the batch. */
  readonly offset: number;
  readonly byteLength: number;
}

/** Image (B,C,Z,Y,X) or, channels-last, (B,Z,Y,X,C); then label (B,Z,Y,X), without a gap. */
export type BatchTensors = readonly [image: TensorPlace<"image", ImageType>, label: TensorPlace<"label", LabelType>];

export const IMAGE_BYTES: Readonly<Record<ImageType, number>> = { f32: 4, f16: 2, bf16: 2 };
export const LABEL_BYTES: Readonly<Record<LabelType, number>> = { u8: 1, i16: 2 };

interface BatchSize {
  readonly samples: number;
  readonly channels: number;
  readonly patchSize: Zyx;
}

/** Places of the tensors of `samples` patches. */
export function batchTensors(wire: WireFormat, { samples, channels, patchSize }: BatchSize): BatchTensors {
  const voxels = samples * voxelCount(patchSize);
  const imageBytes = voxels * channels * IMAGE_BYTES[wire.image];
  const imageShape =
    wire.layout === "channels-first" ? [samples, channels, ...patchSize] : [samples, ...patchSize, channels];
  return [
    { name: "image", type: wire.image, shape: imageShape, offset: 0, byteLength: imageBytes },
    {
      name: "label",
      type: wire.label,
      shape: [samples, ...patchSize],
      offset: imageBytes,
      byteLength: voxels * LABEL_BYTES[wire.label],
    },
  ];
}

/** Bytes of the tensors of one training batch at `stage`: of all samples, or of the largest share of `ranks` trainers. */
export function batchBytes(spec: ResolvedSpec, stage: number, channels: number, ranks = 1): number {
  const { patchSize, batchSize } = spec.stages[stage] as ResolvedSpec["stages"][number];
  const [image, label] = batchTensors(spec.wire, { samples: Math.ceil(batchSize / ranks), channels, patchSize });
  return image.byteLength + label.byteLength;
}
