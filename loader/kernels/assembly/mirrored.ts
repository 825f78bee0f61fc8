/** `index` of a line of `length`, mirrored at both ends as often as needed without repeating the end: …2 1 0 1 2… */
export function mirrored(index: i32, length: i32): i32 {
  while (index < 0 || index >= length) {
    index = length === 1 ? 0 : index < 0 ? -index : 2 * (length - 1) - index;
  }
  return index;
}
