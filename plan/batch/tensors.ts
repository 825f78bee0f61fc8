import { deepLabelSizes } from "../curriculum/levels.js";
import {
  type ImageType,
  type LabelType,
  type ResolvedSpec,
  VALUE_BYTES,
  type WireFormat,
} from "../run-spec/resolved-spec.js";
import type { Zyx } from "../zyx.js";
import type { Address } from "./address.js";
import { ONLY_RANK, type Rank, shareSize } from "./share.js";
import { stageOf } from "./timeline.js";

/** Where a tensor lies in the bytes of its batch. */
export interface TensorPlace<Name extends string, Type extends string> {
  readonly name: Name;
  readonly type: Type;
  readonly shape: readonly number[];
  /** Bytes from the start of the batch. */
  readonly offset: number;
  readonly byteLength: number;
}

/**
 * Image (B,C,Z,Y,X) or, channels-last, (B,Z,Y,X,C); then label (B,Z,Y,X); then, with deep supervision, the label of each
 * further decoder level, finest first. There are no gaps between them.
 */
export type BatchTensors = readonly [
  image: TensorPlace<"image", ImageType>,
  label: TensorPlace<"label", LabelType>,
  ...deepLabels: TensorPlace<`label_${number}`, LabelType>[],
];

interface BatchSize {
  readonly samples: number;
  readonly channels: number;
  readonly patchSize: Zyx;
  /** See `deepLabelSizes`. */
  readonly deepLabels: readonly Zyx[];
}

/** Places of the tensors of `samples` patches. */
export function batchTensors(wire: WireFormat, { samples, channels, patchSize, deepLabels }: BatchSize): BatchTensors {
  let offset = 0;
  const place = <Name extends string, Type extends ImageType | LabelType>(name: Name, type: Type, shape: number[]) => {
    const byteLength = shape.reduce((product, extent) => product * extent, VALUE_BYTES[type]);
    const tensor: TensorPlace<Name, Type> = { name, type, shape, offset, byteLength };
    offset += byteLength;
    return tensor;
  };
  const imageShape =
    wire.layout === "channels-first" ? [samples, channels, ...patchSize] : [samples, ...patchSize, channels];
  const labelAt = <Name extends string>(name: Name, size: Zyx) => place(name, wire.label, [samples, ...size]);
  return [
    place("image", wire.image, imageShape),
    labelAt("label", patchSize),
    ...deepLabels.map((size, index) => labelAt(`label_${index + 1}` as const, size)),
  ];
}

/** Bytes of all tensors of a batch. */
export function tensorBytes(tensors: BatchTensors): number {
  return tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** The tensors of one rank's share of a batch at `stage` of a timeline; `channels` is the data set's. */
export function shareTensors(
  spec: ResolvedSpec,
  channels: number,
  { timeline, stage }: Pick<Address, "timeline" | "stage">,
  rank: Rank = ONLY_RANK,
): BatchTensors {
  const { patchSize, batchSize } = stageOf(spec, timeline, stage);
  const deepLabels = deepLabelSizes(spec, patchSize);
  return batchTensors(spec.wire, { samples: shareSize(batchSize, rank), channels, patchSize, deepLabels });
}
