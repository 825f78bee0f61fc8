import type { Zyx } from "../../plan/zyx.js";

/**
 * A number for each token of each window (windows x tokens, C order): equal for tokens that were in one piece before the volume was rolled by
 * `shift`, others must not attend to each other (`compute_mask` of MONAI's SwinUNETR). Undefined where nothing was rolled.
 */
export function windowRegions(size: Zyx, window: Zyx, shift: Zyx): number[] | undefined {
  if (shift.every((by) => by === 0)) return undefined;
  const region = (position: number, axis: 0 | 1 | 2): number => {
    if (shift[axis] === 0 || position < size[axis] - window[axis]) return 0;
    return position < size[axis] - shift[axis] ? 1 : 2;
  };
  const starts = ([0, 1, 2] as const).map((axis) =>
    Array.from({ length: size[axis] / window[axis] }, (_, index) => index * window[axis]),
  ) as [number[], number[], number[]];
  const regions: number[] = [];
  for (const z of starts[0])
    for (const y of starts[1])
      for (const x of starts[2])
        for (let k = 0; k < window[0]; k++)
          for (let j = 0; j < window[1]; j++)
            for (let i = 0; i < window[2]; i++)
              regions.push(9 * region(z + k, 0) + 3 * region(y + j, 1) + region(x + i, 2));
  return regions;
}
