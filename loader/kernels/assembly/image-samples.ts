import { reversed } from "./mirrored-rows";
import { saturate } from "./saturate";
import { excessBytes, voxelOffsets } from "./voxel-offsets";

/**
 * Trilinear samples `from` to `end` (at least 4) of a row of `warp`'s grid, all of whose neighbours lie inside. Weights along X
 * carry a factor 1/4, so that no finite image overflows midway. Where the row is mirrored, sample x of `outX` lies at outX - 1 - x.
 */
export function imageRow(
  rowPtr: usize,
  outX: i32,
  isMirrored: bool,
  from: i32,
  end: i32,
  lowerPtr: usize,
  inY: i32,
  inX: i32,
  isOnePlane: bool,
  startZ: f32,
  startY: f32,
  startX: f32,
  stepZ: f32,
  stepY: f32,
  stepX: f32,
): void {
  const rowBytes = (<usize>inX) << 2;
  const planeBytes = isOnePlane ? <usize>0 : <usize>inY * rowBytes;
  const aboveBytes = planeBytes + rowBytes;
  const originPtr = lowerPtr - excessBytes(inY, inX, 2);
  let x = from;
  do {
    x = min(x, end - 4); // the last four overlap those before
    const index = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
    const atZ = f32x4.add(f32x4.splat(startZ), f32x4.mul(index, f32x4.splat(stepZ)));
    const atY = f32x4.add(f32x4.splat(startY), f32x4.mul(index, f32x4.splat(stepY)));
    const atX = f32x4.add(f32x4.splat(startX), f32x4.mul(index, f32x4.splat(stepX)));
    const floorZ = f32x4.floor(atZ);
    const floorY = f32x4.floor(atY);
    const floorX = f32x4.floor(atX);
    const offsets = voxelOffsets(floorZ, floorY, floorX, inY, inX, 2);
    const first = originPtr + <usize>i32x4.extract_lane(offsets, 0);
    const second = originPtr + <usize>i32x4.extract_lane(offsets, 1);
    const third = originPtr + <usize>i32x4.extract_lane(offsets, 2);
    const fourth = originPtr + <usize>i32x4.extract_lane(offsets, 3);
    const partX = f32x4.sub(atX, floorX);
    const aboveX = f32x4.mul(partX, f32x4.splat(0.25));
    const belowX = f32x4.mul(f32x4.sub(f32x4.splat(1), partX), f32x4.splat(0.25));
    const row00 = alongX(first, second, third, fourth, 0, belowX, aboveX);
    const row01 = alongX(first, second, third, fourth, rowBytes, belowX, aboveX);
    const row10 = alongX(first, second, third, fourth, planeBytes, belowX, aboveX);
    const row11 = alongX(first, second, third, fourth, aboveBytes, belowX, aboveX);
    const aboveY = f32x4.sub(atY, floorY);
    const belowY = f32x4.sub(f32x4.splat(1), aboveY);
    const plane0 = f32x4.add(f32x4.mul(row00, belowY), f32x4.mul(row01, aboveY));
    const plane1 = f32x4.add(f32x4.mul(row10, belowY), f32x4.mul(row11, aboveY));
    const aboveZ = f32x4.sub(atZ, floorZ);
    const belowZ = f32x4.sub(f32x4.splat(1), aboveZ);
    const quarter = f32x4.add(f32x4.mul(plane0, belowZ), f32x4.mul(plane1, aboveZ));
    const values = fromQuarter(quarter);
    const to = isMirrored ? outX - 4 - x : x;
    v128.store(rowPtr + ((<usize>to) << 2), isMirrored ? reversed(values) : values);
    x += 4;
  } while (x < end);
}

/** For four places, the weighted sum of the value there, `offset` bytes on, and the next one. */
function alongX(
  first: usize,
  second: usize,
  third: usize,
  fourth: usize,
  offset: usize,
  below: v128,
  above: v128,
): v128 {
  const firstPairs = v128.load64_lane(second + offset, v128.load64_zero(first + offset), 1);
  const lastPairs = v128.load64_lane(fourth + offset, v128.load64_zero(third + offset), 1);
  const low = v128.shuffle<f32>(firstPairs, lastPairs, 0, 2, 4, 6);
  const high = v128.shuffle<f32>(firstPairs, lastPairs, 1, 3, 5, 7);
  return f32x4.add(f32x4.mul(low, below), f32x4.mul(high, above));
}

/** Four times the value; -0 becomes 0, so that a neighbour of weight 0 leaves no trace. */
export function fromQuarter(value: v128): v128 {
  return saturate(f32x4.add(f32x4.mul(value, f32x4.splat(4)), f32x4.splat(0)));
}
