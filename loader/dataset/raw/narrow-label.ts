/** The label as a file has it: uint8, or uint16 where a value is 255 or more (nnU-Net, simpleitk_reader_writer.py). */
export function narrowLabel(label: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  return label.some((value) => value >= 255) ? Uint16Array.from(label) : Uint8Array.from(label);
}
