import type { Transform } from "../../../plan/augment/transform.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { StoredCase } from "../../dataset/dataset.js";
import type { Store } from "../../dataset/store.js";
import { imageLayout } from "../../dataset/zarr/array-layout.js";
import type { Box, Source } from "../cut/source.js";
import { boxAround } from "../cut/transforms/spatial.js";

/** Room for regions that are read from the store while others are cut: `count` of them, `bytes` each. */
export interface RegionRoom {
  readonly bytes: number;
  readonly count: number;
}

/** Regions are read ahead up to this many bytes: reading small ones is mostly waiting, large ones mostly decoding. */
const AHEAD_BYTES = 2 ** 22;
const MOST_AHEAD = 4;

/** The room for regions that hold boxes: at most `spareBytes`, but for one region at least. */
export function regionRoom(entry: StoredCase, boxes: readonly Pick<Box, "size">[], spareBytes: number): RegionRoom {
  const [, ...extent] = entry.shape;
  const sizes = boxes.map(({ size }) => clip(size, extent));
  const bytes = Math.max(...sizes.map((size) => layout(entry, size).byteLength));
  const ahead = Math.floor(Math.min(AHEAD_BYTES, spareBytes) / bytes);
  return { bytes, count: Math.max(1, Math.min(ahead, MOST_AHEAD, boxes.length)) };
}

/** The box of stored voxels that a crop is made of. */
export function boxRead(box: Box, transforms: readonly Transform[]): Box {
  const spatial = transforms.find((transform) => transform.kind === "spatial");
  return spatial === undefined ? box : boxAround(spatial, box);
}

/**
 * Reads the part of a case that a box (Z,Y,X, store voxels) touches, from byte `offset` of `buffer` on, a multiple of 8;
 * `start` is that part's first voxel.
 */
export async function readSource(
  store: Store,
  entry: StoredCase,
  { lower, size }: Box,
  { buffer, offset }: { readonly buffer: ArrayBufferLike; readonly offset: number },
): Promise<{ readonly source: Source; readonly start: Zyx }> {
  const [channels, ...extent] = entry.shape;
  const clamp = (value: number, axis: 0 | 1 | 2) => Math.min(Math.max(value, 0), extent[axis]);
  const start = eachAxis((axis) => clamp(lower[axis], axis));
  const end = eachAxis((axis) => clamp(lower[axis] + size[axis], axis));
  const part = eachAxis((axis) => end[axis] - start[axis]);
  const voxels = voxelCount(part);
  const image = new Float32Array(buffer, offset, channels * voxels);
  const label = new Int16Array(buffer, offset + layout(entry, part).label, voxels);
  if (voxels > 0) await store.readImage(entry.id, { start, end }, image);
  if (voxels > 0) await store.readLabel(entry.id, { start, end }, label);
  return {
    source: { image: { values: image, shape: [channels, ...part] }, label: { values: label, shape: [1, ...part] } },
    start,
  };
}

/** Voxels of the chunks that a box of `size` touches, averaged over all places where it may lie. */
export function voxelsReadByRegion({ shape }: StoredCase, size: Zyx): number {
  const [, ...extent] = shape;
  const sides = imageLayout(shape).chunkShape.slice(1);
  return voxelCount(
    clip(
      eachAxis((axis) => size[axis] + (sides[axis] as number) - 1),
      extent,
    ),
  );
}

/** Where the label of a region of `size` begins, behind the image, in bytes; and the bytes of both. */
function layout({ shape: [channels] }: StoredCase, size: Zyx) {
  const voxels = voxelCount(size);
  const label = 4 * channels * voxels;
  return { label, byteLength: 8 * Math.ceil((label + 2 * voxels) / 8) };
}

function clip(size: Zyx, extent: Zyx): Zyx {
  return eachAxis((axis) => Math.min(size[axis], extent[axis]));
}

function eachAxis(value: (axis: 0 | 1 | 2) => number): Zyx {
  return [value(0), value(1), value(2)];
}
