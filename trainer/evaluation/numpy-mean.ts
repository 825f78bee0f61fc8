/** Values of a block that numpy sums in eight lanes. */
const BLOCK = 128;

/** The sum in numpy's order (pairwise_sum in loops_utils.h.src), so that means have numpy's last digit. */
function numpySum(values: readonly number[]): number {
  const count = values.length;
  if (count < 8) return values.reduce((sum, value) => sum + value, 0);
  if (count > BLOCK) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return numpySum(values.slice(0, half)) + numpySum(values.slice(half));
  }
  const lanes = values.slice(0, 8);
  const whole = count - (count % 8);
  for (let i = 8; i < whole; i++) lanes[i % 8] = (lanes[i % 8] as number) + (values[i] as number);
  const [a, b, c, d, e, f, g, h] = lanes as [number, number, number, number, number, number, number, number];
  return values.slice(whole).reduce((sum, value) => sum + value, a + b + (c + d) + (e + f + (g + h)));
}

/** numpy's `mean`: NaN of no values, and where one is NaN. */
export function numpyMean(values: readonly number[]): number {
  return numpySum(values) / values.length;
}

/** numpy's `nanmean`: NaN values are left out, as zeros in the sum. */
export function numpyNanMean(values: readonly number[]): number {
  const counted = values.filter((value) => !Number.isNaN(value)).length;
  return numpySum(values.map((value) => (Number.isNaN(value) ? 0 : value))) / counted;
}
