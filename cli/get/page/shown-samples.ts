/** More are no clearer, and the page would grow. */
const MOST_SAMPLES = 12;

/** Which of a batch's samples a page shows: all of a few, else some that are evenly spread. */
export function shownSamples(count: number): number[] {
  const shown = Math.min(count, MOST_SAMPLES);
  return Array.from({ length: shown }, (_, place) => Math.floor((place * count) / shown));
}
