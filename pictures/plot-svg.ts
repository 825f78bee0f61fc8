import { type PlotOptions, plot } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { WIDTH } from "./frame.js";
import { INK } from "./palette.js";

/** What we need of the element that Plot makes. */
interface Drawn {
  readonly outerHTML: string;
}

/** In hundredths of a pixel: enough to see, and the same on every machine. */
function rounded(tag: string): string {
  return tag.replace(/\d+\.\d{3,}/g, (number) => `${Math.round(100 * Number(number)) / 100}`);
}

/**
 * Draws with Observable Plot, without a browser: a `<g>` element whose style comes from the picture around it. No options that Plot
 * writes with an id (markers, clipping, gradients): it numbers them, so that a second picture would have other bytes.
 */
export function plotSvg(options: PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const drawn: Drawn = plot({ ...options, document, width: WIDTH, className: "plot" });
  return drawn.outerHTML
    .replace(/^<svg [^>]*>/, '<g text-anchor="middle" font-size="10">')
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<\/svg>$/, "</g>")
    .replace(/<[^>]*>/g, rounded)
    .replaceAll("currentColor", INK);
}
