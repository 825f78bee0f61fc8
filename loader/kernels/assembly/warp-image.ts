import { saturate } from "./saturate";
import { BLOCK, touchBox } from "./touch-box";
import { isInside, rowStart } from "./warp-grid";

/**
 * Trilinear samples of an image (Z,Y,X, f32, 0 outside) on a regular grid: output voxel (z,y,x) lies at
 * lower + start + z stepZ + y stepY + x stepX, all of them (Z,Y,X) in voxels of the image; start and steps are 12 f64 at
 * `gridPtr`. The first point of a row is summed in f64, the rest is f32; the whole numbers of `lower` are added last, so that
 * a part of an image gives the bits of the whole. Weights along X carry a factor 1/4, so that no finite image overflows midway.
 * Any sizes, not in place.
 *
 * Made in blocks, each of which fetches what it reads beforehand. Rounding keeps order, so the points of a row that have all
 * their neighbours inside lie side by side: they are sampled four at a time without a test.
 */
export function warpImage(
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
  const rowBytes = (<usize>inX) << 2;
  const lowerPtr = inPtr + ((<usize>((lowerZ * inY + lowerY) * inX + lowerX)) << 2); // may lie outside, its offsets lead back
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
          2,
        );
        for (let z = blockZ; z < endZ; z++) {
          for (let y = blockY; y < endY; y++) {
            const rowPtr = outPtr + ((<usize>((z * outY + y) * outX)) << 2);
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
              store<f32>(
                rowPtr + ((<usize>from) << 2),
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
              store<f32>(
                rowPtr + ((<usize>(end - 1)) << 2),
                sampleAtEdge(inPtr, inZ, inY, inX, lowerZ, lowerY, lowerX, atZ, atY, atX),
              );
            }
            for (let x = from; x < end; x += 4) {
              if (x > end - 4) x = end - 4; // the last four overlap those before
              const index = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
              const atZ = f32x4.add(f32x4.splat(startZ), f32x4.mul(index, f32x4.splat(stepZ)));
              const atY = f32x4.add(f32x4.splat(startY), f32x4.mul(index, f32x4.splat(stepY)));
              const atX = f32x4.add(f32x4.splat(startX), f32x4.mul(index, f32x4.splat(stepX)));
              v128.store(rowPtr + ((<usize>x) << 2), sampleInside(lowerPtr, inY, inX, planeBytes, atZ, atY, atX));
            }
          }
        }
      }
    }
  }
}

function sampleInside(lowerPtr: usize, inY: i32, inX: i32, planeBytes: usize, atZ: v128, atY: v128, atX: v128): v128 {
  const floorZ = f32x4.floor(atZ);
  const floorY = f32x4.floor(atY);
  const floorX = f32x4.floor(atX);
  const row = i32x4.add(i32x4.mul(toInteger(floorZ), i32x4.splat(inY)), toInteger(floorY));
  const offset = i32x4.shl(i32x4.add(i32x4.mul(row, i32x4.splat(inX)), toInteger(floorX)), 2);
  const rowBytes = (<usize>inX) << 2;
  const first = lowerPtr + <usize>i32x4.extract_lane(offset, 0);
  const second = lowerPtr + <usize>i32x4.extract_lane(offset, 1);
  const third = lowerPtr + <usize>i32x4.extract_lane(offset, 2);
  const fourth = lowerPtr + <usize>i32x4.extract_lane(offset, 3);

  const one = f32x4.splat(1);
  const quarter = f32x4.splat(0.25);
  const partX = f32x4.sub(atX, floorX);
  const aboveX = f32x4.mul(partX, quarter);
  const belowX = f32x4.mul(f32x4.sub(one, partX), quarter);
  const aboveY = f32x4.sub(atY, floorY);
  const belowY = f32x4.sub(one, aboveY);
  const aboveZ = f32x4.sub(atZ, floorZ);
  const belowZ = f32x4.sub(one, aboveZ);
  const row00 = alongX(first, second, third, fourth, belowX, aboveX);
  const row01 = alongX(first + rowBytes, second + rowBytes, third + rowBytes, fourth + rowBytes, belowX, aboveX);
  const plane0 = f32x4.add(f32x4.mul(row00, belowY), f32x4.mul(row01, aboveY));
  const above = planeBytes + rowBytes;
  const row10 = alongX(
    first + planeBytes,
    second + planeBytes,
    third + planeBytes,
    fourth + planeBytes,
    belowX,
    aboveX,
  );
  const row11 = alongX(first + above, second + above, third + above, fourth + above, belowX, aboveX);
  const plane1 = f32x4.add(f32x4.mul(row10, belowY), f32x4.mul(row11, aboveY));
  return fromQuarter(f32x4.add(f32x4.mul(plane0, belowZ), f32x4.mul(plane1, aboveZ)));
}

/** Whole numbers up to 2^22 in size as integers; two instructions where the saturating conversion takes six on x86. */
function toInteger(whole: v128): v128 {
  return i32x4.sub(f32x4.add(whole, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

/** For four places, the weighted sum of the value there and the next one. */
function alongX(first: usize, second: usize, third: usize, fourth: usize, below: v128, above: v128): v128 {
  const firstPairs = v128.load64_lane(second, v128.load64_zero(first), 1);
  const lastPairs = v128.load64_lane(fourth, v128.load64_zero(third), 1);
  const low = v128.shuffle<f32>(firstPairs, lastPairs, 0, 2, 4, 6);
  const high = v128.shuffle<f32>(firstPairs, lastPairs, 1, 3, 5, 7);
  return f32x4.add(f32x4.mul(low, below), f32x4.mul(high, above));
}

/** Four times the value; -0 becomes 0, so that a neighbour of weight 0 leaves no trace. */
function fromQuarter(value: v128): v128 {
  return saturate(f32x4.add(f32x4.mul(value, f32x4.splat(4)), f32x4.splat(0)));
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
): f32 {
  const z = <i32>floor(atZ) + lowerZ;
  const y = <i32>floor(atY) + lowerY;
  const x = <i32>floor(atX) + lowerX;
  if (z < -1 || y < -1 || x < -1 || z >= inZ || y >= inY || x >= inX) return 0;
  const partX = atX - floor(atX);
  const aboveX = partX * 0.25;
  const belowX = (<f32>1 - partX) * 0.25;
  const aboveY = atY - floor(atY);
  const belowY = <f32>1 - aboveY;
  const aboveZ = atZ - floor(atZ);
  const belowZ = <f32>1 - aboveZ;
  const row00 = valueAt(inPtr, inZ, inY, inX, z, y, x) * belowX + valueAt(inPtr, inZ, inY, inX, z, y, x + 1) * aboveX;
  const row01 =
    valueAt(inPtr, inZ, inY, inX, z, y + 1, x) * belowX + valueAt(inPtr, inZ, inY, inX, z, y + 1, x + 1) * aboveX;
  const row10 =
    valueAt(inPtr, inZ, inY, inX, z + 1, y, x) * belowX + valueAt(inPtr, inZ, inY, inX, z + 1, y, x + 1) * aboveX;
  const row11 =
    valueAt(inPtr, inZ, inY, inX, z + 1, y + 1, x) * belowX +
    valueAt(inPtr, inZ, inY, inX, z + 1, y + 1, x + 1) * aboveX;
  const plane0 = row00 * belowY + row01 * aboveY;
  const plane1 = row10 * belowY + row11 * aboveY;
  return f32x4.extract_lane(fromQuarter(f32x4.splat(plane0 * belowZ + plane1 * aboveZ)), 0);
}

function valueAt(inPtr: usize, inZ: i32, inY: i32, inX: i32, z: i32, y: i32, x: i32): f32 {
  if (z < 0 || y < 0 || x < 0 || z >= inZ || y >= inY || x >= inX) return 0;
  return load<f32>(inPtr + (((<usize>z * <usize>inY + <usize>y) * <usize>inX + <usize>x) << 2));
}
