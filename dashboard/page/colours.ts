import { COLOURS, seriesColour } from "../../pictures/browser.js";

const darkQuery = matchMedia("(prefers-color-scheme: dark)");

/** A colour of our pictures, by its light form, as this screen wants it. */
function onScreen(light: string): string {
  return (darkQuery.matches && COLOURS.find((colour) => colour.light === light)?.dark) || light;
}

/** The colours of what is drawn on a canvas: those of all our pictures. */
export function screenColours() {
  const [paper, ink, faint, grid, band] = COLOURS.map(({ light }) => onScreen(light)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  return { paper, ink, faint, grid, band, series: (index: number) => onScreen(seriesColour(index)) };
}

/** Told when the screen turns dark or light; ends what it returns. */
export function onThemeChange(told: () => void): () => void {
  darkQuery.addEventListener("change", told);
  return () => darkQuery.removeEventListener("change", told);
}
