type Domain = readonly [low: number, high: number];

/** A domain of round numbers around finite values: 0 to 1 where there is none, and never empty. */
export function linearDomain(values: readonly number[]): Domain {
  if (values.length === 0) return [0, 1];
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const span = max - min || Math.abs(max) || 1;
  const unit = 10 ** Math.floor(Math.log10(span)) / 2;
  const low = Math.floor(min / unit) * unit;
  const high = Math.ceil(max / unit) * unit;
  return [low, high > low ? high : low + unit];
}

/** Whole powers of ten around values above 0, at least two of them. */
export function logDomain(values: readonly number[]): Domain {
  const above = values.filter((value) => value > 0);
  if (above.length === 0) return [1, 10];
  const first = Math.floor(Math.log10(Math.min(...above)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...above))));
  return [10 ** first, 10 ** last];
}

/** The powers of ten of a domain that `logDomain` made. */
export function powersOfTen([low, high]: Domain): number[] {
  const first = Math.round(Math.log10(low));
  return Array.from({ length: Math.round(Math.log10(high)) - first + 1 }, (_, power) => 10 ** (first + power));
}

/** As an axis has it: "1,000,000", "0.25". */
export function numberText(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
}
