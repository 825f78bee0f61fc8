import type { Zyx } from "../../plan/zyx.js";
import type { Grid, StoredLabel } from "./kernels.js";
import { mirroredIndex } from "./mirrored.reference.js";
import { saturate } from "./saturate.reference.js";
import { valueAt } from "./value-at.reference.js";

const { fround } = Math;

type Weights = readonly [below: number, above: number];

/** The eight neighbours (X fastest) of a sample point, and the weights of the two on each axis. */
interface Neighbours {
  /** Where the sample is written. */
  readonly to: number;
  readonly values: readonly number[];
  readonly z: Weights;
  readonly y: Weights;
  readonly x: Weights;
}

function* samples(
  size: Zyx,
  source: Grid<Float32Array | StoredLabel>,
  lower: Zyx,
  grid: Float64Array,
  mirrored: number,
): Generator<Neighbours> {
  const [z0, y0, x0, zz, zy, zx, yz, yy, yx, xz, xy, xx] = grid as unknown as readonly [
    ...[number, number, number, number, number, number],
    ...[number, number, number, number, number, number],
  ];
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++) {
      const start = [z0 + z * zz + y * yz, y0 + z * zy + y * yy, x0 + z * zx + y * yx].map(fround);
      for (let x = 0; x < size[2]; x++) {
        const at = [xz, xy, xx].map((step, axis) => fround((start[axis] as number) + fround(x * fround(step))));
        yield { to: mirroredIndex([z, y, x], size, mirrored), ...neighbours(source, lower, at as unknown as Zyx) };
      }
    }
}

function neighbours(source: Grid<Float32Array | StoredLabel>, lower: Zyx, at: Zyx): Omit<Neighbours, "to"> {
  const values = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
    const [z, y, x] = at.map(
      (coordinate, axis) => (lower[axis] as number) + Math.floor(coordinate) + ((corner >> (2 - axis)) & 1),
    );
    return valueAt(source, [z, y, x] as unknown as Zyx);
  });
  const [z, y, x] = at.map((coordinate): Weights => {
    const above = fround(coordinate - Math.floor(coordinate));
    return [fround(1 - above), above];
  }) as unknown as readonly [Weights, Weights, Weights];
  return { values, z, y, x };
}

export function warpImage(
  target: Grid<Float32Array>,
  source: Grid<Float32Array>,
  lower: Zyx,
  grid: Float64Array,
  mirrored: number,
): void {
  for (const { to, values, z, y, x } of samples(target.size, source, lower, grid, mirrored)) {
    const quarters = [fround(x[0] / 4), fround(x[1] / 4)] as const;
    const [row00, row01, row10, row11] = [0, 2, 4, 6].map((corner) =>
      mix(values[corner] as number, values[corner + 1] as number, quarters),
    ) as unknown as readonly [number, number, number, number];
    const quarter = mix(mix(row00, row01, y), mix(row10, row11, y), z);
    target.values[to] = saturate(quarter * 4) + 0; // -0 + 0 is 0
  }
}

function mix(below: number, above: number, weights: Weights): number {
  return fround(fround(below * weights[0]) + fround(above * weights[1]));
}

export function warpLabel(
  target: Grid<Int16Array | Uint8Array>,
  source: Grid<StoredLabel>,
  lower: Zyx,
  grid: Float64Array,
  mirrored: number,
): void {
  for (const sample of samples(target.size, source, lower, grid, mirrored)) {
    const lowestFirst = [...new Set(sample.values)].sort((a, b) => a - b);
    const shares = lowestFirst.map((value) => share(value, sample));
    const winner = lowestFirst[shares.indexOf(Math.max(...shares))] as number;
    target.values[sample.to] = target.values instanceof Uint8Array ? Math.max(winner, 0) : winner;
  }
}

/** Weight of the neighbours that have `value`; added as the kernel's vectors are: planes, then rows, then columns. */
function share(value: number, { values, z, y, x }: Neighbours): number {
  const weightOf = (corner: number) => {
    const inPlane = fround((y[(corner >> 1) & 1] as number) * (x[corner & 1] as number));
    return values[corner] === value ? fround((z[corner >> 2] as number) * inPlane) : 0;
  };
  const [first, second, third, fourth] = [0, 1, 2, 3].map((corner) =>
    fround(weightOf(corner) + weightOf(corner + 4)),
  ) as unknown as readonly [number, number, number, number];
  return fround(fround(first + third) + fround(second + fourth));
}
