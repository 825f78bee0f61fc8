type Zyx = readonly [z: number, y: number, x: number];

/** A box of store voxels (Z,Y,X): `start` inside, `end` outside. */
export interface Box {
  readonly start: Zyx;
  readonly end: Zyx;
}

/**
 * The part of a volume that is shown around a box: all of it where it has at most `most` voxels, else the box with as wide a margin on all
 * sides as that leaves. A box that leaves the volume is cut at its border. Of a box that is larger than `most` itself, all is shown.
 */
export function regionAround(volume: Zyx, start: Zyx, size: Zyx, most: number): Box {
  const within = (margin: number): Box => {
    const side = (axis: 0 | 1 | 2) => {
      const from = Math.min(Math.max(0, start[axis] - margin), volume[axis] - 1);
      return [from, Math.max(from + 1, Math.min(volume[axis], start[axis] + size[axis] + margin))] as const;
    };
    const [z, y, x] = [side(0), side(1), side(2)];
    return { start: [z[0], y[0], x[0]], end: [z[1], y[1], x[1]] };
  };
  const voxels = ({ start: from, end }: Box) => (end[0] - from[0]) * (end[1] - from[1]) * (end[2] - from[2]);
  let [fits, tooWide] = [0, Math.max(...volume) + Math.max(...start.map(Math.abs)) + 1];
  if (voxels(within(tooWide)) <= most) return within(tooWide);
  while (tooWide - fits > 1) {
    const margin = Math.floor((fits + tooWide) / 2);
    if (voxels(within(margin)) <= most) fits = margin;
    else tooWide = margin;
  }
  return within(fits);
}
