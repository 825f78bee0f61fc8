import { fromQuarter } from "./image-samples";
import { reversed } from "./mirrored-rows";

/**
 * The samples of `imageRow`, with the same bits, where neighbours may lie outside, `from` to `end`: a neighbour outside is one inside with
 * weight 0. The volume has a voxel at least.
 */
export function imageEdge(
  rowPtr: usize,
  outX: i32,
  isMirrored: bool,
  from: i32,
  end: i32,
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  startZ: f32,
  startY: f32,
  startX: f32,
  stepZ: f32,
  stepY: f32,
  stepX: f32,
): void {
  const one = f32x4.splat(1);
  const quarter = f32x4.splat(0.25);
  for (let x = from; x < end; x += 4) {
    const index = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
    const atZ = f32x4.add(f32x4.splat(startZ), f32x4.mul(index, f32x4.splat(stepZ)));
    const atY = f32x4.add(f32x4.splat(startY), f32x4.mul(index, f32x4.splat(stepY)));
    const atX = f32x4.add(f32x4.splat(startX), f32x4.mul(index, f32x4.splat(stepX)));
    const floorZ = f32x4.floor(atZ);
    const floorY = f32x4.floor(atY);
    const floorX = f32x4.floor(atX);
    const z0 = i32x4.add(i32x4.trunc_sat_f32x4_s(floorZ), i32x4.splat(lowerZ));
    const y0 = i32x4.add(i32x4.trunc_sat_f32x4_s(floorY), i32x4.splat(lowerY));
    const x0 = i32x4.add(i32x4.trunc_sat_f32x4_s(floorX), i32x4.splat(lowerX));
    const z1 = i32x4.add(z0, i32x4.splat(1));
    const y1 = i32x4.add(y0, i32x4.splat(1));
    const x1 = i32x4.add(x0, i32x4.splat(1));
    const partZ = f32x4.sub(atZ, floorZ);
    const partY = f32x4.sub(atY, floorY);
    const partX = f32x4.sub(atX, floorX);
    const aboveZ = within(partZ, z1, inZ);
    const belowZ = within(f32x4.sub(one, partZ), z0, inZ);
    const aboveY = within(partY, y1, inY);
    const belowY = within(f32x4.sub(one, partY), y0, inY);
    const aboveX = within(f32x4.mul(partX, quarter), x1, inX);
    const belowX = within(f32x4.mul(f32x4.sub(one, partX), quarter), x0, inX);
    const column0 = held(x0, inX);
    const column1 = held(x1, inX);
    const row00 = rowOf(z0, y0, inZ, inY, inX);
    const row01 = rowOf(z0, y1, inZ, inY, inX);
    const row10 = rowOf(z1, y0, inZ, inY, inX);
    const row11 = rowOf(z1, y1, inZ, inY, inX);
    const plane0 = f32x4.add(
      f32x4.mul(alongX(inPtr, row00, column0, column1, belowX, aboveX), belowY),
      f32x4.mul(alongX(inPtr, row01, column0, column1, belowX, aboveX), aboveY),
    );
    const plane1 = f32x4.add(
      f32x4.mul(alongX(inPtr, row10, column0, column1, belowX, aboveX), belowY),
      f32x4.mul(alongX(inPtr, row11, column0, column1, belowX, aboveX), aboveY),
    );
    const values = fromQuarter(f32x4.add(f32x4.mul(plane0, belowZ), f32x4.mul(plane1, aboveZ)));
    writeFirst(rowPtr + ((<usize>(isMirrored ? outX - 1 - x : x)) << 2), values, end - x, isMirrored);
  }
}

/** The weights of neighbours `index` along an axis of `size` voxels: 0 outside. */
function within(weights: v128, index: v128, size: i32): v128 {
  return v128.and(weights, i32x4.lt_u(index, i32x4.splat(size)));
}

/** The nearest voxels inside. */
function held(index: v128, size: i32): v128 {
  return i32x4.min_s(i32x4.max_s(index, i32x4.splat(0)), i32x4.splat(size - 1));
}

/** Numbers of the first voxels of four rows. */
function rowOf(z: v128, y: v128, inZ: i32, inY: i32, inX: i32): v128 {
  const row = i32x4.add(i32x4.mul(held(z, inZ), i32x4.splat(inY)), held(y, inY));
  return i32x4.mul(row, i32x4.splat(inX));
}

function alongX(inPtr: usize, rows: v128, column0: v128, column1: v128, below: v128, above: v128): v128 {
  const low = valuesAt(inPtr, i32x4.add(rows, column0));
  const high = valuesAt(inPtr, i32x4.add(rows, column1));
  return f32x4.add(f32x4.mul(low, below), f32x4.mul(high, above));
}

/** The values of four voxels. */
function valuesAt(inPtr: usize, voxels: v128): v128 {
  const one = v128.load32_zero(inPtr + ((<usize>i32x4.extract_lane(voxels, 0)) << 2));
  const two = v128.load32_lane(inPtr + ((<usize>i32x4.extract_lane(voxels, 1)) << 2), one, 1);
  const three = v128.load32_lane(inPtr + ((<usize>i32x4.extract_lane(voxels, 2)) << 2), two, 2);
  return v128.load32_lane(inPtr + ((<usize>i32x4.extract_lane(voxels, 3)) << 2), three, 3);
}

/** Writes the first `count` of four values (all where there are more) from `to` on, or backwards where they are mirrored. */
function writeFirst(to: usize, values: v128, count: i32, isMirrored: bool): void {
  if (count >= 4) {
    if (isMirrored) v128.store(to - 12, reversed(values));
    else v128.store(to, values);
    return;
  }
  const step: usize = isMirrored ? <usize>0 - 4 : 4;
  v128.store32_lane(to, values, 0);
  if (count > 1) v128.store32_lane(to + step, values, 1);
  if (count > 2) v128.store32_lane(to + 2 * step, values, 2);
}
