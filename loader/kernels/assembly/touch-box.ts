/** Side of the blocks that a warp makes one after the other: what a block reads fits a core's own cache. */
export const BLOCK: i32 = 32;

/** Bytes of a cache line. */
const LINE_BYTES: usize = 64;

/**
 * Reads one value of each cache line of the box that a block of a grid samples, so that they come from memory side by side:
 * the samples themselves would wait for one after the other. The block begins at output voxel (z, y, x); the grid is that of
 * `warpImage`, `shift` is log2 of a value's bytes.
 */
export function touchBox(
  inPtr: usize,
  inZ: i32,
  inY: i32,
  inX: i32,
  lowerZ: i32,
  lowerY: i32,
  lowerX: i32,
  gridPtr: usize,
  z: i32,
  y: i32,
  x: i32,
  countZ: i32,
  countY: i32,
  countX: i32,
  shift: usize,
): void {
  const startZ = max(0, lowerZ + least(gridPtr, z, y, x, countZ, countY, countX));
  const endZ = min(inZ, lowerZ + most(gridPtr, z, y, x, countZ, countY, countX));
  const startY = max(0, lowerY + least(gridPtr + 8, z, y, x, countZ, countY, countX));
  const endY = min(inY, lowerY + most(gridPtr + 8, z, y, x, countZ, countY, countX));
  const startX = max(0, lowerX + least(gridPtr + 16, z, y, x, countZ, countY, countX));
  const endX = min(inX, lowerX + most(gridPtr + 16, z, y, x, countZ, countY, countX));
  if (startX >= endX) return;
  for (let boxZ = startZ; boxZ < endZ; boxZ++) {
    for (let boxY = startY; boxY < endY; boxY++) {
      const row = inPtr + ((<usize>((boxZ * inY + boxY) * inX)) << shift);
      const end = row + ((<usize>endX) << shift);
      for (let at = row + ((<usize>startX) << shift); at < end; at += LINE_BYTES) load<u8>(at);
      load<u8>(end - 1);
    }
  }
}

/** The smallest coordinate of a block's points, rounded down. */
function least(gridPtr: usize, z: i32, y: i32, x: i32, countZ: i32, countY: i32, countX: i32): i32 {
  const start = pointAt(gridPtr, z, y, x);
  const alongZ = min(0, <f64>(countZ - 1) * load<f64>(gridPtr, 24));
  const alongY = min(0, <f64>(countY - 1) * load<f64>(gridPtr, 48));
  const alongX = min(0, <f64>(countX - 1) * load<f64>(gridPtr, 72));
  return <i32>floor(start + alongZ + alongY + alongX);
}

/** Two past the largest coordinate of a block's points, rounded down. */
function most(gridPtr: usize, z: i32, y: i32, x: i32, countZ: i32, countY: i32, countX: i32): i32 {
  const start = pointAt(gridPtr, z, y, x);
  const alongZ = max(0, <f64>(countZ - 1) * load<f64>(gridPtr, 24));
  const alongY = max(0, <f64>(countY - 1) * load<f64>(gridPtr, 48));
  const alongX = max(0, <f64>(countX - 1) * load<f64>(gridPtr, 72));
  return <i32>floor(start + alongZ + alongY + alongX) + 2;
}

function pointAt(gridPtr: usize, z: i32, y: i32, x: i32): f64 {
  const planes = <f64>z * load<f64>(gridPtr, 24) + <f64>y * load<f64>(gridPtr, 48);
  return load<f64>(gridPtr) + planes + <f64>x * load<f64>(gridPtr, 72);
}
