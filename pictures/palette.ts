/**
 * The colours of all pictures. Each is drawn in its light form, as a plain attribute that every viewer understands; a style
 * sheet in the picture exchanges it for the dark form on a dark screen. Print is always light.
 */
interface Colour {
  readonly light: string;
  readonly dark: string;
}

const PAPER_COLOUR: Colour = { light: "#ffffff", dark: "#0d1117" };
const INK_COLOUR: Colour = { light: "#1f2328", dark: "#e6edf3" };
const FAINT_COLOUR: Colour = { light: "#59636e", dark: "#9198a1" };
const GRID_COLOUR: Colour = { light: "#d8dee4", dark: "#30363d" };
const BAND_COLOUR: Colour = { light: "#f1f4f7", dark: "#171d25" };

/**
 * Blue, orange, green, purple, brown, grey: searched for by machine so that any two of them stay far apart (CIE Lab, 30 and more) also for those
 * who are blind to red, green or blue, and stand out from the paper by 4.5 to 1.
 */
const SERIES_COLOURS: readonly Colour[] = [
  { light: "#373aea", dark: "#5d91fa" },
  { light: "#d55e00", dark: "#d16b2b" },
  { light: "#01875b", dark: "#47ef90" },
  { light: "#b53ec1", dark: "#ab9cc8" },
  { light: "#5f2e02", dark: "#fec529" },
  { light: "#272727", dark: "#ffffff" },
];

/** Lines of a grey print differ in their dashes: lengths of stroke and gap, in pixels. */
const DASHES = ["none", "8 3", "2 3", "10 3 2 3", "5 4", "1 2"] as const;

export const PAPER = PAPER_COLOUR.light;
export const INK = INK_COLOUR.light;
/** Of what stands behind: notes, small labels. */
export const FAINT = FAINT_COLOUR.light;
export const GRID = GRID_COLOUR.light;
/** Of every second stage behind the lines. */
export const BAND = BAND_COLOUR.light;

/** The colour of series number `index`, from 0: the same in every picture. From the seventh on, colours come again. */
export function seriesColour(index: number): string {
  return (SERIES_COLOURS[index % SERIES_COLOURS.length] as Colour).light;
}

/** For `stroke-dasharray`: the first line of a panel, from 0, is whole. */
export function dashes(index: number): string {
  const again = Math.floor(index / SERIES_COLOURS.length);
  return DASHES[(index + again) % DASHES.length] as string;
}

export const COLOURS: readonly Colour[] = [
  PAPER_COLOUR,
  INK_COLOUR,
  FAINT_COLOUR,
  GRID_COLOUR,
  BAND_COLOUR,
  ...SERIES_COLOURS,
];
