import { largestShare, winnersOfTwo } from "./label-vote";
import { CODE } from "./marked-label";
import { reversed } from "./mirrored-rows";
import { excessBytes, voxelOffsets } from "./voxel-offsets";
import { writeFour } from "./write-codes";

/**
 * Samples `from` to `end` (at least 4) of a row of `warp`'s grid on a marked label, all of whose neighbours lie inside; see
 * `label-vote.ts`. A sample in a cell that has no mark is read with one byte. Where the row is mirrored, sample x of `outX` lies at outX - 1 - x.
 */
export function markedRow<Out>(
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
  const rowBytes = <usize>inX;
  const planeBytes = isOnePlane ? <usize>0 : <usize>inY * rowBytes;
  const originPtr = lowerPtr - excessBytes(inY, inX, 0);
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
    const offsets = voxelOffsets(floorZ, floorY, floorX, inY, inX, 0);
    const first = originPtr + <usize>i32x4.extract_lane(offsets, 0);
    const second = originPtr + <usize>i32x4.extract_lane(offsets, 1);
    const third = originPtr + <usize>i32x4.extract_lane(offsets, 2);
    const fourth = originPtr + <usize>i32x4.extract_lane(offsets, 3);
    const one = v128.load8_lane(first, i32x4.splat(0), 0);
    const two = v128.load8_lane(second, one, 4);
    const three = v128.load8_lane(third, two, 8);
    let codes = v128.load8_lane(fourth, three, 12);
    if (i8x16.bitmask(codes)) {
      const partZ = f32x4.sub(atZ, floorZ);
      const partY = f32x4.sub(atY, floorY);
      const partX = f32x4.sub(atX, floorX);
      codes = winnersOfTwo(
        pairsAt(first, second, third, fourth, 0),
        pairsAt(first, second, third, fourth, rowBytes),
        pairsAt(first, second, third, fourth, planeBytes),
        pairsAt(first, second, third, fourth, planeBytes + rowBytes),
        partZ,
        partY,
        partX,
      );
      const many = i32x4.bitmask(codes);
      if (many & 1)
        codes = i32x4.replace_lane(
          codes,
          0,
          winnerAt(first, rowBytes, planeBytes, x, startZ, startY, startX, stepZ, stepY, stepX),
        );
      if (many & 2)
        codes = i32x4.replace_lane(
          codes,
          1,
          winnerAt(second, rowBytes, planeBytes, x + 1, startZ, startY, startX, stepZ, stepY, stepX),
        );
      if (many & 4)
        codes = i32x4.replace_lane(
          codes,
          2,
          winnerAt(third, rowBytes, planeBytes, x + 2, startZ, startY, startX, stepZ, stepY, stepX),
        );
      if (many & 8)
        codes = i32x4.replace_lane(
          codes,
          3,
          winnerAt(fourth, rowBytes, planeBytes, x + 3, startZ, startY, startX, stepZ, stepY, stepX),
        );
    }
    const to = isMirrored ? outX - 4 - x : x;
    writeFour<Out>(rowPtr + ((<usize>to) << alignof<Out>()), isMirrored ? reversed(codes) : codes);
    x += 4;
  } while (x < end);
}

/** Codes of two neighbours along X, `offset` bytes on from each of four places, in the low bytes of the four lanes. */
function pairsAt(first: usize, second: usize, third: usize, fourth: usize, offset: usize): v128 {
  const one = v128.load16_lane(first + offset, i32x4.splat(0), 0);
  const two = v128.load16_lane(second + offset, one, 2);
  const three = v128.load16_lane(third + offset, two, 4);
  return v128.and(v128.load16_lane(fourth + offset, three, 6), i8x16.splat(CODE));
}

/** The winner of sample `x` of the row, whose first neighbour lies at `from`. */
function winnerAt(
  from: usize,
  rowBytes: usize,
  planeBytes: usize,
  x: i32,
  startZ: f32,
  startY: f32,
  startX: f32,
  stepZ: f32,
  stepY: f32,
  stepX: f32,
): i32 {
  const atZ = startZ + <f32>x * stepZ;
  const atY = startY + <f32>x * stepY;
  const atX = startX + <f32>x * stepX;
  return largestShare(planeAt(from, rowBytes), planeAt(from + planeBytes, rowBytes), atZ, atY, atX);
}

/** Codes of four neighbours of a plane, X fastest. */
function planeAt(from: usize, rowBytes: usize): v128 {
  const marked = v128.load16_lane(from + rowBytes, v128.load16_lane(from, i32x4.splat(0), 0), 1);
  const codes = v128.and(marked, i8x16.splat(CODE));
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(codes));
}
