import { LINE_BYTES } from "./source-box";

/**
 * Reads a value of each cache line of a box's rows, which have `bytes` each, so that the lines come from memory at the same time: short rows are
 * copied faster than they come.
 */
export function touchRows(ptr: usize, planes: i32, rows: i32, planeBytes: usize, rowBytes: usize, bytes: usize): void {
  if (bytes <= 2 * LINE_BYTES) touchShortRows(ptr, planes, rows, planeBytes, rowBytes, bytes);
  else touchLongRows(ptr, planes, rows, planeBytes, rowBytes, bytes);
}

/** Without a loop that rows of one or two lines would feel. */
function touchShortRows(ptr: usize, planes: i32, rows: i32, planeBytes: usize, rowBytes: usize, bytes: usize): void {
  for (let z = 0; z < planes; z++, ptr += planeBytes) {
    let row = ptr;
    for (let y = 0; y < rows; y++, row += rowBytes) {
      load<u8>(row);
      if (bytes > LINE_BYTES) load<u8>(row + LINE_BYTES);
      load<u8>(row + bytes - 1);
    }
  }
}

function touchLongRows(ptr: usize, planes: i32, rows: i32, planeBytes: usize, rowBytes: usize, bytes: usize): void {
  for (let z = 0; z < planes; z++, ptr += planeBytes) {
    let row = ptr;
    for (let y = 0; y < rows; y++, row += rowBytes) {
      for (let at: usize = 0; at < bytes; at += LINE_BYTES) load<u8>(row + at);
      load<u8>(row + bytes - 1);
    }
  }
}
