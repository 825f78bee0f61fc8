/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Steps between candidates on each of red, green and blue. */
const GRID = 17;
/** A candidate's largest value less its smallest: what is less looks grey. */
const LEAST_CHROMA = 85;
/** Of its largest value: what is less is dark, as most of an image is. */
const LEAST_BRIGHTNESS = 136;
/** More colours cannot be told apart; they repeat from here on. */
const MOST_COLOURS = 512;

/** How different two colours look, squared: the "redmean" rule, in whole numbers so that it is the same on every machine. */
export function colourDistance(one: Colour, other: Colour): number {
  const red = (one[0] + other[0]) >> 1;
  const [r, g, b] = [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
  return (((512 + red) * r * r) >> 8) + 4 * g * g + (((767 - red) * b * b) >> 8);
}

/**
 * `count` colours, each as far as can be from all before it: neighbours in the list differ most, and a class keeps its colour however
 * many come after it. None is grey. After 512 they repeat.
 */
export function distinctColours(count: number): Colour[] {
  const candidates: Colour[] = [];
  for (let r = 0; r <= 255; r += GRID)
    for (let g = 0; g <= 255; g += GRID)
      for (let b = 0; b <= 255; b += GRID) {
        const most = Math.max(r, g, b);
        if (most - Math.min(r, g, b) >= LEAST_CHROMA && most >= LEAST_BRIGHTNESS) candidates.push([r, g, b]);
      }
  const nearest = candidates.map(() => Infinity);
  const chosen: Colour[] = [];
  for (let next: Colour = [255, 51, 51]; chosen.length < Math.min(count, MOST_COLOURS); ) {
    chosen.push(next);
    let farthest = 0;
    for (const [index, candidate] of candidates.entries()) {
      nearest[index] = Math.min(nearest[index] as number, colourDistance(candidate, next));
      if ((nearest[index] as number) > (nearest[farthest] as number)) farthest = index;
    }
    next = candidates[farthest] as Colour;
  }
  return Array.from({ length: count }, (_, index) => chosen[index % chosen.length] as Colour);
}
