/**
 * A marked label: a label (Z,Y,X) of -1 to 126 in memory, one byte a voxel. Bits 0 to 6 are the voxel's code, its value plus 1. Bit 7
 * says that the cell of 2^3 voxels that begins at the voxel (fewer at the volume's ends) has more than one value. Behind the voxels comes
 * a map with a byte for each brick of 8^3 voxels (fewer at the ends): its code where it has one value, else `MIXED`.
 */

/** Bits of a code. */
export const CODE: u8 = 0x7f;

/** A brick of more than one value. */
const MIXED: u8 = 0xff;

function bricksAlong(voxels: i32): i32 {
  return (voxels + 7) >> 3;
}

/** Marks a label, in place; its voxels come as i8. The map is written behind them. */
export function markLabel(ptr: usize, sizeZ: i32, sizeY: i32, sizeX: i32): void {
  const rowBytes = <usize>sizeX;
  const planeBytes = <usize>sizeY * rowBytes;
  const end = ptr + <usize>sizeZ * planeBytes;
  encode(ptr, end);
  // voxels that come later have no marks yet, and marks are left out of comparisons
  for (let z = 0; z < sizeZ; z++) {
    const nextPlane = z + 1 < sizeZ ? planeBytes : 0;
    for (let y = 0; y < sizeY; y++) {
      markRow(ptr + <usize>z * planeBytes + <usize>y * rowBytes, rowBytes, y + 1 < sizeY ? rowBytes : 0, nextPlane);
    }
  }
  let brickPtr = end;
  for (let z = 0; z < sizeZ; z += 8) {
    for (let y = 0; y < sizeY; y += 8) {
      const row = ptr + <usize>z * planeBytes + <usize>y * rowBytes;
      for (let x = 0; x < sizeX; x += 8, brickPtr++) {
        const from = row + <usize>x;
        store<u8>(
          brickPtr,
          brickCode(from, min(8, sizeZ - z), min(8, sizeY - y), min(8, sizeX - x), planeBytes, rowBytes),
        );
      }
    }
  }
}

function encode(ptr: usize, end: usize): void {
  for (; ptr + 16 <= end; ptr += 16) v128.store(ptr, i8x16.add(v128.load(ptr), i8x16.splat(1)));
  for (; ptr < end; ptr++) store<u8>(ptr, load<u8>(ptr) + 1);
}

/** `nextRow` and `nextPlane`: bytes to the neighbours along Y and Z, 0 at the ends. */
function markRow(ptr: usize, bytes: usize, nextRow: usize, nextPlane: usize): void {
  const both = nextRow + nextPlane;
  let x: usize = 0;
  for (; x + 17 <= bytes; x += 16) {
    const at = ptr + x;
    const own = v128.load(at);
    let different = v128.xor(own, v128.load(at, 1));
    different = v128.or(
      different,
      v128.or(v128.xor(own, v128.load(at + nextRow)), v128.xor(own, v128.load(at + nextRow, 1))),
    );
    different = v128.or(
      different,
      v128.or(v128.xor(own, v128.load(at + nextPlane)), v128.xor(own, v128.load(at + nextPlane, 1))),
    );
    different = v128.or(
      different,
      v128.or(v128.xor(own, v128.load(at + both)), v128.xor(own, v128.load(at + both, 1))),
    );
    const isMixed = i8x16.ne(v128.and(different, i8x16.splat(CODE)), i8x16.splat(0));
    v128.store(at, v128.or(own, v128.and(isMixed, i8x16.splat(-128))));
  }
  for (; x < bytes; x++) {
    const at = ptr + x;
    const next: usize = x + 1 < bytes ? 1 : 0;
    const own = load<u8>(at);
    const different =
      (own ^ load<u8>(at + next)) |
      (own ^ load<u8>(at + nextRow)) |
      (own ^ load<u8>(at + nextRow + next)) |
      (own ^ load<u8>(at + nextPlane)) |
      (own ^ load<u8>(at + nextPlane + next)) |
      (own ^ load<u8>(at + both)) |
      (own ^ load<u8>(at + both + next));
    if (different & CODE) store<u8>(at, own | 0x80);
  }
}

function brickCode(from: usize, countZ: i32, countY: i32, countX: i32, planeBytes: usize, rowBytes: usize): u8 {
  const code = load<u8>(from) & CODE;
  for (let z = 0; z < countZ; z++) {
    for (let y = 0; y < countY; y++) {
      const row = from + <usize>z * planeBytes + <usize>y * rowBytes;
      for (let x = 0; x < countX; x++) if ((load<u8>(row + <usize>x) & CODE) !== code) return MIXED;
    }
  }
  return code;
}

/**
 * The code that all voxels of a box have, or -1 where a brick that it touches has more than one. The box begins at (startZ, startY,
 * startX), ends before (endZ, endY, endX), lies inside and is not empty.
 */
export function onlyCode(
  ptr: usize,
  sizeZ: i32,
  sizeY: i32,
  sizeX: i32,
  startZ: i32,
  startY: i32,
  startX: i32,
  endZ: i32,
  endY: i32,
  endX: i32,
): i32 {
  const bricksY = bricksAlong(sizeY);
  const bricksX = bricksAlong(sizeX);
  const mapPtr = ptr + <usize>sizeZ * <usize>sizeY * <usize>sizeX;
  const first = load<u8>(mapPtr + <usize>(((startZ >> 3) * bricksY + (startY >> 3)) * bricksX + (startX >> 3)));
  if (first === MIXED) return -1;
  for (let z = startZ >> 3; z <= (endZ - 1) >> 3; z++) {
    for (let y = startY >> 3; y <= (endY - 1) >> 3; y++) {
      const row = mapPtr + <usize>((z * bricksY + y) * bricksX);
      for (let x = startX >> 3; x <= (endX - 1) >> 3; x++) if (load<u8>(row + <usize>x) !== first) return -1;
    }
  }
  return <i32>first;
}
