/** pi / 2 as two doubles: the first has 33 bits, so that a few quarter turns of it are exact. */
const QUARTER_TURN = 1.5707963267341256;
const QUARTER_TURN_REST = 6.077100506506192e-11;

/** Coefficients of the Taylor series in the angle's square, last first; the next terms are below 2^-57 up to pi/4. */
const SINE = [17, 15, 13, 11, 9, 7, 5, 3, 1].map((power) => ((power & 2 ? -1 : 1) as number) / factorial(power));
const COSINE = [16, 14, 12, 10, 8, 6, 4, 2, 0].map((power) => ((power & 2 ? -1 : 1) as number) / factorial(power));

/** Sine and cosine of an angle in radians, a few turns at most, within 1e-15; the same on every machine. */
export function sineCosine(angle: number): readonly [sine: number, cosine: number] {
  const quarters = Math.floor(angle / QUARTER_TURN + 0.5);
  const rest = angle - quarters * QUARTER_TURN - quarters * QUARTER_TURN_REST;
  const series = (coefficients: readonly number[]) => coefficients.reduce((sum, next) => sum * rest * rest + next, 0);
  const [sine, cosine] = [rest * series(SINE), series(COSINE)];
  switch (((quarters % 4) + 4) % 4) {
    case 0:
      return [sine, cosine];
    case 1:
      return [cosine, -sine];
    case 2:
      return [-sine, -cosine];
    default:
      return [-cosine, sine];
  }
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
