import { largestShare } from "./label-vote";
import { CODE } from "./marked-label";
import { reversed } from "./mirrored-rows";
import { excessBytes, voxelOffsets } from "./voxel-offsets";
import { writeFour, writeOne } from "./write-codes";

/**
 * Samples `from` to `end` (at least 4) of a row of `warp`'s grid on a label of i16, all of whose neighbours lie inside; see
 * `label-vote.ts`. Where the row is mirrored, sample x of `outX` lies at outX - 1 - x.
 */
export function wideRow(
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
  const rowBytes = (<usize>inX) << 1;
  const planeBytes = isOnePlane ? <usize>0 : <usize>inY * rowBytes;
  const aboveBytes = planeBytes + rowBytes;
  const originPtr = lowerPtr - excessBytes(inY, inX, 1);
  let x = from;
  do {
    x = min(x, end - 4); // the last four overlap those before
    const index = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
    const atZ = f32x4.add(f32x4.splat(startZ), f32x4.mul(index, f32x4.splat(stepZ)));
    const atY = f32x4.add(f32x4.splat(startY), f32x4.mul(index, f32x4.splat(stepY)));
    const atX = f32x4.add(f32x4.splat(startX), f32x4.mul(index, f32x4.splat(stepX)));
    const offsets = voxelOffsets(f32x4.floor(atZ), f32x4.floor(atY), f32x4.floor(atX), inY, inX, 1);
    const first = originPtr + <usize>i32x4.extract_lane(offsets, 0);
    const second = originPtr + <usize>i32x4.extract_lane(offsets, 1);
    const third = originPtr + <usize>i32x4.extract_lane(offsets, 2);
    const fourth = originPtr + <usize>i32x4.extract_lane(offsets, 3);
    const pairs = pairsAt(first, second, third, fourth, 0);
    const sameRows = i32x4.eq(pairs, pairsAt(first, second, third, fourth, rowBytes));
    const samePlanes = v128.and(
      i32x4.eq(pairs, pairsAt(first, second, third, fourth, planeBytes)),
      i32x4.eq(pairs, pairsAt(first, second, third, fourth, aboveBytes)),
    );
    const low = i32x4.shr_s(i32x4.shl(pairs, 16), 16);
    const samePairs = i32x4.eq(low, i32x4.shr_s(pairs, 16));
    const uniform = i32x4.bitmask(v128.and(samePairs, v128.and(sameRows, samePlanes)));
    const firstTo = rowPtr + ((<usize>(isMirrored ? outX - 4 - x : x)) << 1);
    const codes = i32x4.add(low, i32x4.splat(1));
    writeFour<i16>(firstTo, isMirrored ? reversed(codes) : codes);
    for (let lane = uniform === 15 ? 4 : 0; lane < 4; lane++) {
      if (uniform & (1 << lane)) continue;
      const atX = startX + <f32>(x + lane) * stepX;
      const atY = startY + <f32>(x + lane) * stepY;
      const atZ = startZ + <f32>(x + lane) * stepZ;
      const to = firstTo + ((<usize>(isMirrored ? 3 - lane : lane)) << 1);
      writeOne<i16>(to, sampleInside(lowerPtr, inY, inX, planeBytes, atZ, atY, atX));
    }
    x += 4;
  } while (x < end);
}

/** Two neighbours along X, `offset` bytes on from each of four places, a pair in each lane. */
function pairsAt(first: usize, second: usize, third: usize, fourth: usize, offset: usize): v128 {
  const one = v128.load32_zero(first + offset);
  const two = v128.load32_lane(second + offset, one, 1);
  const three = v128.load32_lane(third + offset, two, 2);
  return v128.load32_lane(fourth + offset, three, 3);
}

/** The code of a sample. */
function sampleInside(lowerPtr: usize, inY: i32, inX: i32, planeBytes: usize, atZ: f32, atY: f32, atX: f32): i32 {
  const row = <i32>floor(atZ) * inY + <i32>floor(atY);
  const from = lowerPtr + ((<usize>(row * inX + <i32>floor(atX))) << 1);
  const rowBytes = (<usize>inX) << 1;
  return largestShare(planeAt(from, rowBytes), planeAt(from + planeBytes, rowBytes), atZ, atY, atX);
}

/** Codes of four neighbours of a plane, X fastest. */
function planeAt(from: usize, rowBytes: usize): v128 {
  const values = v128.load32_lane(from + rowBytes, v128.load32_zero(from), 1);
  return i32x4.add(i32x4.extend_low_i16x8_s(values), i32x4.splat(1));
}

/** The code of a sample of a label that is marked (`Value` u8) or of i16, with 0 for neighbours outside. */
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
  if (z < -1 || y < -1 || x < -1 || z >= inZ || y >= inY || x >= inX) return 0;
  const low = planeAtEdge<Value>(inPtr, inZ, inY, inX, z, y, x);
  const high = planeAtEdge<Value>(inPtr, inZ, inY, inX, z + 1, y, x);
  return largestShare(low, high, atZ, atY, atX);
}

function planeAtEdge<Value>(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): v128 {
  const row0 = i32x4(
    codeAt<Value>(inPtr, inZ, inY, inX, z, y, x),
    codeAt<Value>(inPtr, inZ, inY, inX, z, y, x + 1),
    0,
    0,
  );
  const third = codeAt<Value>(inPtr, inZ, inY, inX, z, y + 1, x);
  const fourth = codeAt<Value>(inPtr, inZ, inY, inX, z, y + 1, x + 1);
  return i32x4.replace_lane(i32x4.replace_lane(row0, 2, third), 3, fourth);
}

function codeAt<Value>(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): i32 {
  if (z < 0 || y < 0 || x < 0 || z >= inZ || y >= inY || x >= inX) return 0;
  const at = inPtr + (((<usize>z * <usize>inY + <usize>y) * <usize>inX + <usize>x) << alignof<Value>());
  return sizeof<Value>() === 1 ? <i32>(load<u8>(at) & CODE) : <i32>load<i16>(at) + 1;
}
