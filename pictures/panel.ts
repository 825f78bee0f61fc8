import { type Markish, type PlotOptions, text } from "@observablehq/plot";
import { LEFT, type Panel } from "./frame.js";
import { textWidth } from "./labels.js";
import { plotSvg } from "./plot-svg.js";

/** Pixels from the top of a panel to its axes: its name stands there. */
export const TOP = 40;

/** Pixels that stay free at the right border. */
const RIGHT = 20;
const NAME_SIZE = 12;
/** Pixels from the axes to a name right of them. */
const NAME_GAP = 8;

/** Pixels right of the axes, so that every one of `names` has room there. */
export function rightMargin(names: readonly string[]): number {
  const widest = Math.max(0, ...names.map((name) => textWidth(name, NAME_SIZE)));
  return RIGHT + (widest > 0 ? NAME_GAP + widest : 0);
}

/** A name right of the axes, its middle `top` pixels below the top of the panel. */
export function nameAtRight(name: string, top: number, fill: string): Markish {
  return text([name], {
    frameAnchor: "top-right",
    dx: NAME_GAP,
    dy: top - TOP,
    textAnchor: "start",
    lineAnchor: "middle",
    fontSize: NAME_SIZE,
    fontWeight: "bold",
    fill,
  });
}

/** The name of a panel, above its axes. */
export function panelName(name: string): Markish {
  return text([name], { frameAnchor: "top-left", dx: 12 - LEFT, dy: -24, fontSize: NAME_SIZE, fontWeight: "bold" });
}

/** A panel whose axes have `size` pixels of height, with `below` and `right` pixels beside them. */
export function drawPanelOf(
  { size, below, right }: { readonly size: number; readonly below: number; readonly right: number },
  drawing: Pick<PlotOptions, "x" | "y" | "marks">,
): Panel {
  const height = TOP + size + below;
  const margins = { marginLeft: LEFT, marginRight: right, marginTop: TOP, marginBottom: below };
  return { height, svg: plotSvg({ height, ...margins, ...drawing }) };
}
