/** Number of the row that mirroring the flagged axes (1: Z, 2: Y, 4: X) takes row (z, y) to. */
export function mirroredRow(z: i32, y: i32, sizeZ: i32, sizeY: i32, axes: i32): usize {
  const toZ = axes & 1 ? sizeZ - 1 - z : z;
  const toY = axes & 2 ? sizeY - 1 - y : y;
  return <usize>toZ * <usize>sizeY + <usize>toY;
}

/** Four f32 in reverse order. */
export function reversed(values: v128): v128 {
  return v128.shuffle<f32>(values, values, 3, 2, 1, 0);
}

/** Eight i16 in reverse order. */
export function reversed16(values: v128): v128 {
  return v128.shuffle<i16>(values, values, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** Copies `count` neighbouring values (f32 or i16) in reverse order; source and target do not overlap. */
export function copyReversed<Value>(outPtr: usize, inPtr: usize, count: usize): void {
  const bytes = count << alignof<Value>();
  const end = outPtr + bytes;
  if (bytes < 16) {
    for (let at: usize = 0; at < bytes; at += sizeof<Value>()) {
      store<Value>(end - at - sizeof<Value>(), load<Value>(inPtr + at));
    }
    return;
  }
  const last = bytes - 16;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    storeReversed<Value>(end - at - 16, inPtr + at);
    storeReversed<Value>(end - at - 32, inPtr + at + 16);
    storeReversed<Value>(end - at - 48, inPtr + at + 32);
    storeReversed<Value>(end - at - 64, inPtr + at + 48);
  }
  for (; at < last; at += 16) storeReversed<Value>(end - at - 16, inPtr + at);
  storeReversed<Value>(outPtr, inPtr + last); // overlaps those before
}

function storeReversed<Value>(outPtr: usize, inPtr: usize): void {
  const values = v128.load(inPtr);
  v128.store(outPtr, sizeof<Value>() === 4 ? reversed(values) : reversed16(values));
}
