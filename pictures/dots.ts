import { axisX, dot, gridX, type Markish, ruleX, ruleY, scale } from "@observablehq/plot";
import { linearDomain, numberText } from "./axes.js";
import { framePicture, LEFT, type Panel, WIDTH } from "./frame.js";
import { FAINT, GRID, seriesColour } from "./palette.js";
import { drawPanelOf, nameAtRight, panelName, rightMargin, TOP } from "./panel.js";

/** Values that are repeats of each other, in one row. */
export interface DotRow {
  readonly name: string;
  /** One dot each; what is not finite is left out. */
  readonly values: readonly number[];
  /** Which colour, from 0. Default: the place in its panel. */
  readonly colour?: number;
}

/** Rows with one x axis. */
export interface DotPanel {
  /** Written above the rows. */
  readonly name: string;
  readonly rows: readonly DotRow[];
}

export interface DotPicture {
  readonly title: string;
  /** Lines below the title. */
  readonly notes?: readonly string[];
  /** What x is, with its unit: "Dice, %". */
  readonly x: string;
  /** From top to bottom; each has its own range of x. */
  readonly panels: readonly DotPanel[];
}

/** Pixels. */
const ROW = 26;
const BELOW = 48;
/** Half the height of the mark at a mean, in rows. */
const MEAN_HALF = 0.36;

/** A dot for each value, and of each row the mean with a bar of one population deviation to both sides. Rows have their name at the right. */
export function drawDots({ title, notes = [], x, panels }: DotPicture): string {
  const right = rightMargin(panels.flatMap(({ rows }) => rows.map(({ name }) => name)));
  return framePicture(
    title,
    notes,
    panels.map((panel) => drawPanel(panel, x, right)),
  );
}

interface Row {
  readonly place: number;
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
  readonly mean: number;
  readonly deviation: number;
}

function drawPanel({ name, rows }: DotPanel, xName: string, right: number): Panel {
  const size = ROW * rows.length;
  const drawn = rows.map(placedRow);
  const ends = drawn.flatMap(({ values, mean, deviation }) =>
    values.length === 0 ? [] : [...values, mean - deviation, mean + deviation],
  );
  const xScale = { type: "linear", domain: linearDomain(ends), range: [LEFT, WIDTH - right] } as const;
  const yScale = {
    type: "linear",
    axis: null,
    domain: [-0.5, rows.length - 0.5],
    range: [TOP, TOP + size],
  } as const;
  const y = scale({ y: yScale }).apply;
  const marks: Markish[] = [
    gridX({ ticks: 8, stroke: GRID, strokeOpacity: 1 }),
    axisX({ ticks: 8, tickFormat: numberText, label: xName, labelAnchor: "center", labelArrow: "none" }),
    ruleY(
      drawn.map(({ place }) => place),
      { stroke: GRID },
    ),
    panelName(name),
    ...drawn.flatMap((row) => drawRow(row, y(row.place))),
  ];
  return drawPanelOf({ size, below: BELOW, right }, { x: xScale, y: yScale, marks });
}

function placedRow({ name, values, colour }: DotRow, place: number): Row {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const deviation = Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / finite.length);
  return { place, name, colour: seriesColour(colour ?? place), values: finite, mean, deviation };
}

function drawRow({ place, name, colour, values, mean, deviation }: Row, top: number): Markish[] {
  const hasMean = values.length > 0;
  const at = { y: () => place };
  const nearMean = hasMean ? [{ low: mean - deviation, high: mean + deviation }] : [];
  return [
    ruleY(nearMean, { ...at, x1: "low", x2: "high", stroke: colour, strokeWidth: 2 }),
    ruleX(hasMean ? [mean] : [], { y1: place - MEAN_HALF, y2: place + MEAN_HALF, stroke: colour, strokeWidth: 2 }),
    dot(values, { ...at, x: (value: number) => value, r: 3.5, stroke: colour, strokeWidth: 1.6, fill: "none" }),
    nameAtRight(name, top, hasMean ? colour : FAINT),
  ];
}
