/** numpy.percentile with linear interpolation; `q` is 0 to 100. */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q / 100) * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (at - below);
}

/** `percentile` of each axis. */
export function percentilePerAxis(triples: readonly (readonly number[])[], q: number): [number, number, number] {
  const axis = (i: 0 | 1 | 2) =>
    percentile(
      triples.map((triple) => triple[i] as number),
      q,
    );
  return [axis(0), axis(1), axis(2)];
}
