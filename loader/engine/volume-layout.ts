import { voxelCount, type Zyx } from "../../plan/zyx.js";
import type { StoredCase } from "../dataset/store.js";
import type { Grid } from "./grid.js";

/** Bytes, from the start of a volume, of what an arena holds of a case: image, label, and each class's locations. */
interface VolumeLayout {
  readonly label: number;
  /** In the order of `Dataset.classes`. */
  readonly locations: readonly number[];
  readonly byteLength: number;
}

/** A case in memory, as views: image (C,Z,Y,X), label (1,Z,Y,X), locations (n,3) Z,Y,X of each class. */
export interface VolumeViews {
  readonly image: Grid<Float32Array>;
  readonly label: Grid<Int16Array>;
  readonly locations: readonly Uint32Array[];
}

type CaseSize = Pick<StoredCase, "shape" | "foregroundCounts">;

/** Bytes that an arena needs for a case. */
export function volumeBytes(entry: CaseSize): number {
  return layout(entry).byteLength;
}

/** Views of the case that lies at byte `offset` of `buffer`; they own nothing. */
export function volumeViews(entry: CaseSize, buffer: ArrayBufferLike, offset: number): VolumeViews {
  const { label, locations } = layout(entry);
  const [channels, ...size] = entry.shape;
  const voxels = voxelCount(size);
  return {
    image: { values: new Float32Array(buffer, offset, channels * voxels), shape: entry.shape },
    label: { values: new Int16Array(buffer, offset + label, voxels), shape: [1, ...size] },
    locations: locations.map((at, index) => {
      return new Uint32Array(buffer, offset + at, 3 * (entry.foregroundCounts[index] as number));
    }),
  };
}

/** Location number `index` (Z,Y,X) of an (n,3) list. */
export function locationAt(locations: Uint32Array, index: number): Zyx {
  const axis = (at: number) => locations[3 * index + at] as number;
  return [axis(0), axis(1), axis(2)];
}

function layout({ shape: [channels, ...size], foregroundCounts }: CaseSize): VolumeLayout {
  const voxels = voxelCount(size);
  const label = 4 * channels * voxels;
  let end = label + 4 * Math.ceil(voxels / 2); // locations are 4-byte aligned
  const locations = foregroundCounts.map((count) => {
    const at = end;
    end += 12 * count;
    return at;
  });
  return { label, locations, byteLength: end };
}
