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

/** After Okabe and Ito: neighbours differ in lightness too, so that the colour-blind tell them apart. */
const SERIES_COLOURS: readonly Colour[] = [
  { light: "#0072b2", dark: "#56b4e9" },
  { light: "#d55e00", dark: "#ff9d4d" },
  { light: "#007a59", dark: "#2fd6a3" },
  { light: "#aa4499", dark: "#e39cc9" },
  { light: "#7a6000", dark: "#e5c93f" },
  { light: "#4d4d4d", dark: "#c4c4c4" },
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
