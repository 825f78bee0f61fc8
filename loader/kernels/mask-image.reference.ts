export function maskImage(values: Float32Array, label: Int16Array): void {
  for (const [i, value] of label.entries()) if (value < 0) values[i] = 0;
}
