/** Colours that also colour-blind eyes tell apart (Okabe and Ito), over a grey image. */
const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2"] as const;

/** The colour of the class at `index`. */
export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

/** Red, green and blue, 0 to 255, of "#rrggbb". */
export function rgbOf(colour: string): [r: number, g: number, b: number] {
  const at = (place: number) => Number.parseInt(colour.slice(place, place + 2), 16);
  return [at(1), at(3), at(5)];
}
