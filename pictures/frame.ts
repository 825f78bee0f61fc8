import { COLOURS, FAINT, INK, PAPER } from "./palette.js";

/** Pixels, of every picture. */
export const WIDTH = 860;
/** Pixels from the left border to titles and y axes. */
export const LEFT = 76;

const CLASS = "patchstream-picture";
const TITLE_TOP = 28;
const NOTE_TOP = 48;
const NOTE_HEIGHT = 20;
const BELOW = 12;

/** Text for XML. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The dark form of each colour, where it is drawn as an attribute. Its rules hold in pictures alone, also inside an HTML page. */
function styleSheet(): string {
  const rules = COLOURS.flatMap(({ light, dark }) =>
    ["fill", "stroke"].map((property) => `.${CLASS} [${property}="${light}"]{${property}:${dark}}`),
  );
  const own = `.${CLASS}{max-width:100%;height:auto}`;
  return `<style>${own}@media screen and (prefers-color-scheme:dark){.${CLASS}{fill:${COLOURS[1]?.dark}}${rules.join("")}}</style>`;
}

/** One part of a picture, under the others. */
export interface Panel {
  /** SVG elements, from 0,0 on, of the picture's width. */
  readonly svg: string;
  /** Pixels. */
  readonly height: number;
}

/**
 * A whole picture: the title, its notes below in small type, and the panels, from top to bottom. `title` is also what a screen reader says.
 * The same input gives the same bytes.
 */
export function framePicture(title: string, notes: readonly string[], panels: readonly Panel[]): string {
  let top = NOTE_TOP + NOTE_HEIGHT * notes.length;
  const placed = panels.map(({ svg, height }) => {
    const at = top;
    top += height;
    return `<g transform="translate(0,${at})">${svg}</g>`;
  });
  const height = top + BELOW;
  const text = (y: number, attributes: string, content: string) =>
    `<text x="12" y="${y}" ${attributes}>${escapeXml(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${CLASS}" role="img" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${INK}">`,
    `<title>${escapeXml(title)}</title>`,
    styleSheet(),
    `<rect width="${WIDTH}" height="${height}" fill="${PAPER}"/>`,
    text(TITLE_TOP, `font-size="16" font-weight="bold" fill="${INK}"`, title),
    ...notes.map((note, line) => text(NOTE_TOP + NOTE_HEIGHT * line, `fill="${FAINT}"`, note)),
    ...placed,
    "</svg>",
    "",
  ].join("\n");
}
