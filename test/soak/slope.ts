import { linearRegression, mean } from "simple-statistics";

/** A straight line through points, by least squares. */
export interface Slope {
  readonly perX: number;
  /** Standard error of `perX`: of points whose distances from the line do not depend on each other. */
  readonly error: number;
}

/** The slope of at least three points (x, y) with different x, and its standard error. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const { m, b } = linearRegression(points.map(([x, y]) => [x, y]));
  const meanX = mean(points.map(([x]) => x));
  const sum = (of: (x: number, y: number) => number) => points.reduce((total, [x, y]) => total + of(x, y), 0);
  const fromLine = sum((x, y) => (y - b - m * x) ** 2);
  const spread = sum((x) => (x - meanX) ** 2);
  return { perX: m, error: Math.sqrt(fromLine / (points.length - 2) / spread) };
}
