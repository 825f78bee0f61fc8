import type { LabelType } from "../../../plan/run-spec/resolved-spec.js";

/** Labels as they travel, as numbers; a view, not a copy. */
export function labelNumbers(type: LabelType, bytes: Uint8Array): Uint8Array | Int16Array {
  return type === "u8" ? bytes : new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

/** Voxels of each of `classes` (label values above 0, ascending) in all of `labels`. */
export function classVoxels(labels: Iterable<Uint8Array | Int16Array>, classes: readonly number[]): number[] {
  const counts = new Uint32Array(1 + (classes.at(-1) ?? 0));
  for (const values of labels) addVoxels(counts, values);
  return classes.map((value) => counts[value] as number);
}

/** Adds four bytes at a time, and equal words as one: labels are mostly long runs of one value. */
function addVoxels(counts: Uint32Array, values: Uint8Array | Int16Array): void {
  const perWord = 4 / values.BYTES_PER_ELEMENT;
  const wordCount = values.byteOffset % 4 === 0 ? Math.floor(values.length / perWord) : 0;
  const words = wordCount === 0 ? new Int32Array() : new Int32Array(values.buffer, values.byteOffset, wordCount);
  let start = 0;
  while (start < wordCount) {
    const word = words[start];
    let end = start + 1;
    while (end < wordCount && words[end] === word) end++;
    if (word !== 0) {
      for (let i = 0; i < perWord; i++) add(counts, values[start * perWord + i] as number, end - start);
    }
    start = end;
  }
  for (let i = wordCount * perWord; i < values.length; i++) add(counts, values[i] as number, 1);
}

function add(counts: Uint32Array, value: number, voxels: number): void {
  if (value > 0 && value < counts.length) counts[value] = (counts[value] as number) + voxels;
}
