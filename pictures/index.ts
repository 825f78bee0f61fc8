/** Pictures as SVG, in one style: light on paper, dark on a dark screen. */

export { type DotPanel, type DotPicture, type DotRow, drawDots } from "./dots.js";
export { drawLines, type LinePanel, type LinePicture, type Point, type Series, type Span } from "./lines.js";
export { COLOURS, seriesColour } from "./palette.js";
