import { type ArrayLayout, chunkCounts } from "./array-layout.js";
import type { Words } from "./decode-chunk.js";

/** A box of an array, one entry an axis: `start` inside, `end` outside. */
export interface Box {
  readonly start: readonly number[];
  readonly end: readonly number[];
}

/** A chunk: its place in chunks, and its number in C order. */
export interface Chunk {
  readonly place: readonly number[];
  readonly number: number;
}

/** All chunks that share a voxel with the box, in C order. */
export function chunksTouching({ start, end }: Box, layout: ArrayLayout): Chunk[] {
  const counts = chunkCounts(layout);
  return layout.chunkShape.reduce<Chunk[]>(
    (chunks, side, axis) => {
      const first = Math.floor((start[axis] as number) / side);
      const count = Math.ceil((end[axis] as number) / side) - first;
      return chunks.flatMap(({ place, number }) =>
        Array.from({ length: count }, (_, i) => ({
          place: [...place, first + i],
          number: number * (counts[axis] as number) + first + i,
        })),
      );
    },
    [{ place: [], number: 0 }],
  );
}

/**
 * Copies the part of a chunk that lies in the box into the box's array, row by row along the last axis; zeros where the
 * chunk is not stored. Both are C order and have at most four axes.
 */
export function copyOverlap(
  chunk: Words | undefined,
  { place }: Chunk,
  { chunkShape }: ArrayLayout,
  values: Words,
  { start, end }: Box,
): void {
  const fill = 4 - place.length;
  const [c, z, y, x] = Array.from({ length: 4 }, (_, i) => {
    const axis = i - fill;
    if (axis < 0) return { from: 0, to: 1, chunkFrom: 0, chunkSide: 1, boxFrom: 0, boxSide: 1 };
    const chunkSide = chunkShape[axis] as number;
    const chunkFrom = (place[axis] as number) * chunkSide;
    const boxFrom = start[axis] as number;
    const boxEnd = end[axis] as number;
    const [from, to] = [Math.max(boxFrom, chunkFrom), Math.min(boxEnd, chunkFrom + chunkSide)];
    return { from, to, chunkFrom, chunkSide, boxFrom, boxSide: boxEnd - boxFrom };
  }) as [Overlap, Overlap, Overlap, Overlap];
  const width = x.to - x.from;
  for (let ci = c.from; ci < c.to; ci++) {
    for (let zi = z.from; zi < z.to; zi++) {
      const chunkSlice = ((ci - c.chunkFrom) * z.chunkSide + zi - z.chunkFrom) * y.chunkSide - y.chunkFrom;
      const boxSlice = ((ci - c.boxFrom) * z.boxSide + zi - z.boxFrom) * y.boxSide - y.boxFrom;
      for (let yi = y.from; yi < y.to; yi++) {
        const from = (chunkSlice + yi) * x.chunkSide + x.from - x.chunkFrom;
        const to = (boxSlice + yi) * x.boxSide + x.from - x.boxFrom;
        if (chunk === undefined) for (let i = 0; i < width; i++) values[to + i] = 0;
        else for (let i = 0; i < width; i++) values[to + i] = chunk[from + i] as number;
      }
    }
  }
}

/** One axis of an overlap: `from` to `to` in array voxels, and how chunk and box lie on that axis. */
interface Overlap {
  readonly from: number;
  readonly to: number;
  readonly chunkFrom: number;
  readonly chunkSide: number;
  readonly boxFrom: number;
  readonly boxSide: number;
}
