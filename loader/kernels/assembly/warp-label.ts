import { BLOCK, touchBox } from "./touch-box";
import { isInside, rowStart } from "./warp-grid";

/**
 * Samples of a label (Z,Y,X, i16, -1 outside) on the grid that `warpImage` describes: each value's share among the eight
 * neighbours is its trilinear weight, and the largest share wins, the lowest value of equals. Any sizes, not in place.
 */
export function warpLabel(
  outPtr: usize,
  outZ: i32,
  outY: i32,
  outX: i32,
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  gridPtr: usize,
): void {
  const stepZ = <f32>load<f64>(gridPtr, 72);
  const stepY = <f32>load<f64>(gridPtr, 80);
  const stepX = <f32>load<f64>(gridPtr, 88);
  const firstZ = <f32>-lowerZ;
  const firstY = <f32>-lowerY;
  const firstX = <f32>-lowerX;
  const lastY = <f32>(inY - 1 - lowerY);
  const lastX = <f32>(inX - 1 - lowerX);
  const rowBytes = (<usize>inX) << 1;
  const lowerPtr = inPtr + ((<usize>((lowerZ * inY + lowerY) * inX + lowerX)) << 1); // may lie outside, its offsets lead back
  for (let blockZ = 0; blockZ < outZ; blockZ += BLOCK) {
    for (let blockY = 0; blockY < outY; blockY += BLOCK) {
      for (let blockX = 0; blockX < outX; blockX += BLOCK) {
        const endZ = min(outZ, blockZ + BLOCK);
        const endY = min(outY, blockY + BLOCK);
        const endX = min(outX, blockX + BLOCK);
        touchBox(
          inPtr,
          inZ,
          inY,
          inX,
          lowerZ,
          lowerY,
          lowerX,
          gridPtr,
          blockZ,
          blockY,
          blockX,
          endZ - blockZ,
          endY - blockY,
          endX - blockX,
          1,
        );
        for (let z = blockZ; z < endZ; z++) {
          for (let y = blockY; y < endY; y++) {
            const rowPtr = outPtr + ((<usize>((z * outY + y) * outX)) << 1);
            const startZ = rowStart(gridPtr, z, y);
            const startY = rowStart(gridPtr + 8, z, y);
            const startX = rowStart(gridPtr + 16, z, y);
            const isOnePlane = stepZ === 0 && startZ === floor(startZ); // the plane above has weight 0
            const lastZ = <f32>((isOnePlane ? inZ : inZ - 1) - lowerZ);
            const planeBytes = isOnePlane ? <usize>0 : <usize>inY * rowBytes;
            let from = blockX;
            let end = endX;
            for (; from < end; from++) {
              const atZ = startZ + <f32>from * stepZ;
              const atY = startY + <f32>from * stepY;
              const atX = startX + <f32>from * stepX;
              if (isInside(atZ, firstZ, lastZ) && isInside(atY, firstY, lastY) && isInside(atX, firstX, lastX)) break;
              store<i16>(
                rowPtr + ((<usize>from) << 1),
                sampleAtEdge(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX),
              );
            }
            for (; from < end; end--) {
              const atZ = startZ + <f32>(end - 1) * stepZ;
              const atY = startY + <f32>(end - 1) * stepY;
              const atX = startX + <f32>(end - 1) * stepX;
              if (
                end - from >= 4 &&
                isInside(atZ, firstZ, lastZ) &&
                isInside(atY, firstY, lastY) &&
                isInside(atX, firstX, lastX)
              )
                break;
              store<i16>(
                rowPtr + ((<usize>(end - 1)) << 1),
                sampleAtEdge(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX),
              );
            }
            for (let x = from; x < end; x += 4) {
              if (x > end - 4) x = end - 4; // the last four overlap those before
              const index = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
              const atZ = f32x4.add(f32x4.splat(startZ), f32x4.mul(index, f32x4.splat(stepZ)));
              const atY = f32x4.add(f32x4.splat(startY), f32x4.mul(index, f32x4.splat(stepY)));
              const atX = f32x4.add(f32x4.splat(startX), f32x4.mul(index, f32x4.splat(stepX)));
              const row = i32x4.add(i32x4.mul(wholePart(atZ), i32x4.splat(inY)), wholePart(atY));
              const offset = i32x4.shl(i32x4.add(i32x4.mul(row, i32x4.splat(inX)), wholePart(atX)), 1);
              const pairs = pairsAt(lowerPtr, offset);
              const sameRows = i32x4.eq(pairs, pairsAt(lowerPtr + rowBytes, offset));
              const samePlanes = v128.and(
                i32x4.eq(pairs, pairsAt(lowerPtr + planeBytes, offset)),
                i32x4.eq(pairs, pairsAt(lowerPtr + planeBytes + rowBytes, offset)),
              );
              const low = i32x4.shr_s(i32x4.shl(pairs, 16), 16);
              const samePairs = i32x4.eq(low, i32x4.shr_s(pairs, 16));
              const to = rowPtr + ((<usize>x) << 1);
              v128.store64_lane(to, i16x8.narrow_i32x4_s(low, low), 0);
              const uniform = i32x4.bitmask(v128.and(samePairs, v128.and(sameRows, samePlanes)));
              if (uniform === 15) continue;
              for (let lane = 0; lane < 4; lane++) {
                if (uniform & (1 << lane)) continue;
                const laneZ = startZ + <f32>(x + lane) * stepZ;
                const laneY = startY + <f32>(x + lane) * stepY;
                const laneX = startX + <f32>(x + lane) * stepX;
                const laneRow = <i32>floor(laneZ) * inY + <i32>floor(laneY);
                const laneFrom = lowerPtr + ((<usize>(laneRow * inX + <i32>floor(laneX))) << 1);
                const plane0 = planeAt(laneFrom, rowBytes);
                const plane1 = planeAt(laneFrom + planeBytes, rowBytes);
                store<i16>(to + ((<usize>lane) << 1), largestShare(plane0, plane1, laneZ, laneY, laneX));
              }
            }
          }
        }
      }
    }
  }
}

/** The whole parts of numbers up to 2^22 in size as integers. */
function wholePart(values: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.floor(values), f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

/** Two neighbours along X at each of four byte offsets. */
function pairsAt(inPtr: usize, offset: v128): v128 {
  const first = v128.load32_zero(inPtr + <usize>i32x4.extract_lane(offset, 0));
  const second = v128.load32_lane(inPtr + <usize>i32x4.extract_lane(offset, 1), first, 1);
  const third = v128.load32_lane(inPtr + <usize>i32x4.extract_lane(offset, 2), second, 2);
  return v128.load32_lane(inPtr + <usize>i32x4.extract_lane(offset, 3), third, 3);
}

/** Four neighbours of a plane, X fastest. */
function planeAt(from: usize, rowBytes: usize): v128 {
  return i32x4.extend_low_i16x8_s(v128.load32_lane(from + rowBytes, v128.load32_zero(from), 1));
}

function sampleAtEdge(
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
  const low = planeAtEdge(inPtr, inZ, inY, inX, z, y, x);
  const high = planeAtEdge(inPtr, inZ, inY, inX, z + 1, y, x);
  return largestShare(low, high, atZ, atY, atX);
}

function planeAtEdge(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): v128 {
  const row0 = i32x4(valueAt(inPtr, inZ, inY, inX, z, y, x), valueAt(inPtr, inZ, inY, inX, z, y, x + 1), 0, 0);
  const third = valueAt(inPtr, inZ, inY, inX, z, y + 1, x);
  const fourth = valueAt(inPtr, inZ, inY, inX, z, y + 1, x + 1);
  return i32x4.replace_lane(i32x4.replace_lane(row0, 2, third), 3, fourth);
}

function valueAt(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): i32 {
  if (z < 0 || y < 0 || x < 0 || z >= inZ || y >= inY || x >= inX) return -1;
  return load<i16>(inPtr + (((<usize>z * <usize>inY + <usize>y) * <usize>inX + <usize>x) << 1));
}

/** The value with the largest share among the neighbours on the planes below and above, the lowest of equals. */
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
