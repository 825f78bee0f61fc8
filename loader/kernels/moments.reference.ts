export function moments(result: Float64Array, values: Float32Array): void {
  const pivot = values[0] as number;
  const sums = [0, 0, 0, 0] as [number, number, number, number];
  const squares = [0, 0, 0, 0] as [number, number, number, number];
  for (const [i, value] of values.entries()) {
    const lane = (i & 3) as 0 | 1 | 2 | 3;
    sums[lane] += value - pivot;
    squares[lane] += (value - pivot) * (value - pivot);
  }
  result[0] = sums[0] + sums[2] + (sums[1] + sums[3]);
  result[1] = squares[0] + squares[2] + (squares[1] + squares[3]);
  result[2] = values.reduce((least, value) => Math.min(least, value));
  result[3] = values.reduce((most, value) => Math.max(most, value));
}
