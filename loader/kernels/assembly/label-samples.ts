import { excessBytes, voxelOffsets } from "./voxel-offsets";

/**
 * Samples `from` to `end` (at least 4) of a row of `warp`'s grid, all of whose neighbours lie inside. Each value among the eight
 * neighbours has the sum of their trilinear weights as its share. The value with the largest share wins; of equal shares the
 * lowest value.
 */
export function labelRow<Value>(
  rowPtr: usize,
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
  const rowBytes = (<usize>inX) << alignof<Value>();
  const planeBytes = isOnePlane ? <usize>0 : <usize>inY * rowBytes;
  const aboveBytes = planeBytes + rowBytes;
  const originPtr = lowerPtr - excessBytes(inY, inX, <i32>alignof<Value>());
  let x = from;
  do {
    x = min(x, end - 4); // the last four overlap those before
    const index = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
    const atZ = f32x4.add(f32x4.splat(startZ), f32x4.mul(index, f32x4.splat(stepZ)));
    const atY = f32x4.add(f32x4.splat(startY), f32x4.mul(index, f32x4.splat(stepY)));
    const atX = f32x4.add(f32x4.splat(startX), f32x4.mul(index, f32x4.splat(stepX)));
    const offsets = voxelOffsets(f32x4.floor(atZ), f32x4.floor(atY), f32x4.floor(atX), inY, inX, <i32>alignof<Value>());
    const first = originPtr + <usize>i32x4.extract_lane(offsets, 0);
    const second = originPtr + <usize>i32x4.extract_lane(offsets, 1);
    const third = originPtr + <usize>i32x4.extract_lane(offsets, 2);
    const fourth = originPtr + <usize>i32x4.extract_lane(offsets, 3);
    const pairs = pairsAt<Value>(first, second, third, fourth, 0);
    const sameRows = i32x4.eq(pairs, pairsAt<Value>(first, second, third, fourth, rowBytes));
    const samePlanes = v128.and(
      i32x4.eq(pairs, pairsAt<Value>(first, second, third, fourth, planeBytes)),
      i32x4.eq(pairs, pairsAt<Value>(first, second, third, fourth, aboveBytes)),
    );
    const low = lowOf<Value>(pairs);
    const samePairs = i32x4.eq(low, highOf<Value>(pairs));
    const uniform = i32x4.bitmask(v128.and(samePairs, v128.and(sameRows, samePlanes)));
    const to = rowPtr + ((<usize>x) << 1);
    v128.store64_lane(to, i16x8.narrow_i32x4_s(low, low), 0);
    for (let lane = uniform === 15 ? 4 : 0; lane < 4; lane++) {
      if (uniform & (1 << lane)) continue;
      const atX = startX + <f32>(x + lane) * stepX;
      const atY = startY + <f32>(x + lane) * stepY;
      const atZ = startZ + <f32>(x + lane) * stepZ;
      store<i16>(to + ((<usize>lane) << 1), sampleInside<Value>(lowerPtr, inY, inX, planeBytes, atZ, atY, atX));
    }
    x += 4;
  } while (x < end);
}

/** Two neighbours along X, `offset` bytes on from each of four places, in the low bytes of the four lanes. */
function pairsAt<Value>(first: usize, second: usize, third: usize, fourth: usize, offset: usize): v128 {
  if (sizeof<Value>() === 1) {
    const one = v128.load16_lane(first + offset, i32x4.splat(0), 0);
    const two = v128.load16_lane(second + offset, one, 2);
    const three = v128.load16_lane(third + offset, two, 4);
    return v128.load16_lane(fourth + offset, three, 6);
  }
  const one = v128.load32_zero(first + offset);
  const two = v128.load32_lane(second + offset, one, 1);
  const three = v128.load32_lane(third + offset, two, 2);
  return v128.load32_lane(fourth + offset, three, 3);
}

/** The first of each lane's two neighbours. */
function lowOf<Value>(pairs: v128): v128 {
  const unused: i32 = sizeof<Value>() === 1 ? 24 : 16;
  return i32x4.shr_s(i32x4.shl(pairs, unused), unused);
}

/** The second of each lane's two neighbours. */
function highOf<Value>(pairs: v128): v128 {
  return sizeof<Value>() === 1 ? i32x4.shr_s(i32x4.shl(pairs, 16), 24) : i32x4.shr_s(pairs, 16);
}

function sampleInside<Value>(
  lowerPtr: usize,
  inY: i32,
  inX: i32,
  planeBytes: usize,
  atZ: f32,
  atY: f32,
  atX: f32,
): i32 {
  const row = <i32>floor(atZ) * inY + <i32>floor(atY);
  const from = lowerPtr + ((<usize>(row * inX + <i32>floor(atX))) << alignof<Value>());
  const rowBytes = (<usize>inX) << alignof<Value>();
  return largestShare(planeAt<Value>(from, rowBytes), planeAt<Value>(from + planeBytes, rowBytes), atZ, atY, atX);
}

/** Four neighbours of a plane, X fastest. */
function planeAt<Value>(from: usize, rowBytes: usize): v128 {
  if (sizeof<Value>() === 1) {
    const narrow = v128.load16_lane(from + rowBytes, v128.load16_lane(from, i32x4.splat(0), 0), 1);
    return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(narrow));
  }
  return i32x4.extend_low_i16x8_s(v128.load32_lane(from + rowBytes, v128.load32_zero(from), 1));
}

/** A sample, with -1 for neighbours outside. */
export function labelAtEdge<Value>(
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  atZ: f32,
  atY: f32,
  atX: f32,
): i32 {
  const z = <i32>floor(atZ) + lowerZ;
  const y = <i32>floor(atY) + lowerY;
  const x = <i32>floor(atX) + lowerX;
  if (z < -1 || y < -1 || x < -1 || z >= inZ || y >= inY || x >= inX) return -1;
  const low = planeAtEdge<Value>(inPtr, inZ, inY, inX, z, y, x);
  const high = planeAtEdge<Value>(inPtr, inZ, inY, inX, z + 1, y, x);
  return largestShare(low, high, atZ, atY, atX);
}

function planeAtEdge<Value>(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): v128 {
  const row0 = i32x4(
    valueAt<Value>(inPtr, inZ, inY, inX, z, y, x),
    valueAt<Value>(inPtr, inZ, inY, inX, z, y, x + 1),
    0,
    0,
  );
  const third = valueAt<Value>(inPtr, inZ, inY, inX, z, y + 1, x);
  const fourth = valueAt<Value>(inPtr, inZ, inY, inX, z, y + 1, x + 1);
  return i32x4.replace_lane(i32x4.replace_lane(row0, 2, third), 3, fourth);
}

function valueAt<Value>(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): i32 {
  if (z < 0 || y < 0 || x < 0 || z >= inZ || y >= inY || x >= inX) return -1;
  return <i32>load<Value>(inPtr + (((<usize>z * <usize>inY + <usize>y) * <usize>inX + <usize>x) << alignof<Value>()));
}

/** The value with the largest share among the neighbours on the planes below and above; of equal shares the lowest value. */
function largestShare(low: v128, high: v128, atZ: f32, atY: f32, atX: f32): i32 {
  const aboveX = atX - floor(atX);
  const belowX = <f32>1 - aboveX;
  const aboveY = atY - floor(atY);
  const belowY = <f32>1 - aboveY;
  const aboveZ = atZ - floor(atZ);
  const belowZ = <f32>1 - aboveZ;
  const inPlane = f32x4.mul(f32x4(belowY, belowY, aboveY, aboveY), f32x4(belowX, aboveX, belowX, aboveX));
  const lowWeights = f32x4.mul(f32x4.splat(belowZ), inPlane);
  const highWeights = f32x4.mul(f32x4.splat(aboveZ), inPlane);
  let winner = i32x4.extract_lane(low, 0);
  let loser = winner;
  let best = shareOf(winner, low, high, lowWeights, highWeights);
  let rest = low;
  for (let candidate = 1; candidate < 8; candidate++) {
    rest = candidate === 4 ? high : v128.shuffle<i32>(rest, rest, 1, 2, 3, 0);
    const value = i32x4.extract_lane(rest, 0);
    if (value === winner || value === loser) continue;
    const share = shareOf(value, low, high, lowWeights, highWeights);
    if (share > best || (share === best && value < winner)) {
      loser = winner;
      winner = value;
      best = share;
    } else {
      loser = value;
    }
  }
  return winner;
}

function shareOf(value: i32, low: v128, high: v128, lowWeights: v128, highWeights: v128): f32 {
  const wanted = i32x4.splat(value);
  const lowShare = v128.and(i32x4.eq(low, wanted), lowWeights);
  const shares = f32x4.add(lowShare, v128.and(i32x4.eq(high, wanted), highWeights));
  const pairs = f32x4.add(shares, v128.shuffle<f32>(shares, shares, 2, 3, 2, 3));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}
