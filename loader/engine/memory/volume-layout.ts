import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { Dataset, StoredCase } from "../../dataset/dataset.js";
import { MOST_MARKED, markedBytes, type StoredLabel } from "../../kernels/kernels.js";
import type { ChannelVolume } from "../cut/source.js";

/** Where image, label and each class's locations of a case begin, in bytes from the start of its volume. */
interface VolumeLayout {
  readonly label: number;
  /** In the order of `locationClasses`. */
  readonly locations: readonly number[];
  readonly byteLength: number;
}

/** A case in memory, as views: image (C,Z,Y,X), label (1,Z,Y,X), locations (n,3) Z,Y,X of each class, in the data set's order. */
export interface VolumeViews {
  readonly image: ChannelVolume<Float32Array>;
  readonly label: ChannelVolume<StoredLabel>;
  readonly locations: readonly Uint32Array[];
}

type CaseSize = Pick<StoredCase, "shape" | "foregroundCounts">;

/** The largest stored label value of a data set, the ignore label included. */
export function largestLabel({ sourceValues }: Pick<Dataset, "sourceValues">): number {
  return sourceValues.length - 1;
}

/** Bytes of a label in memory: marked where that holds every value, since the speed of memory limits cutting. */
function labelBytes(size: Zyx, largest: number): number {
  return largest <= MOST_MARKED ? markedBytes(size) : 2 * voxelCount(size);
}

/** Bytes that an arena needs for a case of a data set whose largest label is `largest`. */
export function volumeBytes(entry: CaseSize, largest: number): number {
  return layout(entry, largest).byteLength;
}

/** Views of the case that lies at byte `offset` of `buffer`; they own nothing. */
export function volumeViews(
  entry: CaseSize,
  largest: number,
  { buffer, offset }: { readonly buffer: ArrayBufferLike; readonly offset: number },
): VolumeViews {
  const { label, locations } = layout(entry, largest);
  const [channels, ...size] = entry.shape;
  const voxels = voxelCount(size);
  return {
    image: { values: new Float32Array(buffer, offset, channels * voxels), shape: entry.shape },
    label: { values: labelView(size, largest, { buffer, offset: offset + label }), shape: [1, ...size] },
    locations: locations.map((at, index) => {
      return new Uint32Array(buffer, offset + at, 3 * (entry.foregroundCounts[index] as number));
    }),
  };
}

function labelView(
  size: Zyx,
  largest: number,
  { buffer, offset }: { readonly buffer: ArrayBufferLike; readonly offset: number },
): StoredLabel {
  const bytes = labelBytes(size, largest);
  return largest <= MOST_MARKED ? new Uint8Array(buffer, offset, bytes) : new Int16Array(buffer, offset, bytes / 2);
}

/** Location number `index` (Z,Y,X) of an (n,3) list. */
export function locationAt(locations: Uint32Array, index: number): Zyx {
  const axis = (at: number) => locations[3 * index + at] as number;
  return [axis(0), axis(1), axis(2)];
}

function layout({ shape: [channels, ...size], foregroundCounts }: CaseSize, largest: number): VolumeLayout {
  const voxels = voxelCount(size);
  const label = 4 * channels * voxels;
  let end = label + 4 * Math.ceil(labelBytes(size, largest) / 4); // locations are 4-byte aligned
  const locations = foregroundCounts.map((count) => {
    const at = end;
    end += 12 * count;
    return at;
  });
  return { label, locations, byteLength: end };
}
