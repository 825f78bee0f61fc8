/** Pictures in one style: as SVG that is light on paper and dark on a dark screen, as PNG, and as text. */
export { type DotPanel, type DotPicture, type DotRow, drawDots } from "./dots.js";
export { escapeXml } from "./frame.js";
export { drawLines, type LinePanel, type LinePicture, type Point, type Series, type Span } from "./lines.js";
export { pngOf } from "./png.js";
export { textOfLines } from "./text-chart.js";
export { inTheme, THEMES, type Theme } from "./theme.js";
