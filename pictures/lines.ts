import { axisX, axisY, dot, gridY, line, type Markish, rect, ruleX, scale, text } from "@observablehq/plot";
import { linearDomain, logDomain, numberText, powersOfTen } from "./axes.js";
import { framePicture, LEFT, type Panel, WIDTH } from "./frame.js";
import { spreadLabels, textWidth } from "./labels.js";
import { BAND, dashes, FAINT, GRID, INK, PAPER, seriesColour } from "./palette.js";
import { drawPanelOf, nameAtRight, panelName, rightMargin, TOP } from "./panel.js";

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Written at the point, or at the end of its step; left out where there is no room. */
  readonly label?: string;
  /** A bar from y less this to y and this, such as a standard deviation. */
  readonly spread?: number;
  /** Ends of a bar that is not the same to both sides, such as percentiles. Both or none, and no `spread` then. */
  readonly from?: number;
  readonly to?: number;
}

export interface Series {
  /** Written at the end of its line. A series without one has no name in the picture. */
  readonly name?: string;
  /** In the order of x. A point whose y is not finite is a gap. */
  readonly points: readonly Point[];
  /** "steps": each point's y holds until the next point; "dots": each point has a mark on the line. Default: a plain line. */
  readonly form?: "steps" | "dots";
  /** Which of the colours, from 0. Default: the place in its panel. */
  readonly colour?: number;
}

/** A part of the x axis behind the lines, such as a stage of a curriculum. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Written above it where all names fit, such as the number of a stage. */
  readonly name?: string;
}

/** One set of axes. */
export interface LinePanel {
  /** What y is, with its unit: "patch, voxels". */
  readonly y: string;
  /** "log" shows the whole powers of ten around the values. Default: "linear". */
  readonly scale?: "linear" | "log";
  /** Values that a linear y axis must hold, whatever the series have. */
  readonly within?: readonly number[];
  readonly series: readonly Series[];
}

export interface LinePicture {
  readonly title: string;
  /** Lines below the title. */
  readonly notes?: readonly string[];
  /** What x is, with its unit: "seconds of training". All panels have the same x axis, from 0. */
  readonly x: string;
  /** In the order of x; every second one is shaded. */
  readonly spans?: readonly Span[];
  /** From top to bottom. */
  readonly panels: readonly LinePanel[];
}

/** Pixels. */
const PLOT_HEIGHT = 172;
const BELOW = 26;
/** Below the last panel: what x is. */
const BELOW_LAST = 44;
const NAME_APART = 15;
const POINT_LABEL_SIZE = 10;
const SPAN_NAME_SIZE = 9;

/** What all panels of a picture have. */
interface Shared {
  readonly spans: readonly Span[];
  /** The x axis goes from 0 to here. */
  readonly length: number;
  /** Pixels right of the axes. */
  readonly right: number;
}

/** Values to pixels. */
interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** Lines over x, in one or more panels below each other. A panel without a finite value is an empty grid. */
export function drawLines({ title, notes = [], x, spans = [], panels }: LinePicture): string {
  const series = panels.flatMap((panel) => panel.series);
  const ends = series.flatMap(({ points }) => points.map((point) => point.x));
  const length = Math.max(0, ...ends, ...spans.map(({ to }) => to)) || 1;
  const shared = { spans, length, right: rightMargin(series.map(({ name = "" }) => name)) };
  const drawn = panels.map((panel, place) => drawPanel(panel, shared, place === panels.length - 1 ? x : undefined));
  return framePicture(title, notes, drawn);
}

/** `xName` stands below the last panel alone. */
function drawPanel(panel: LinePanel, { spans, length, right }: Shared, xName: string | undefined): Panel {
  const below = xName === undefined ? BELOW : BELOW_LAST;
  const values = panel.series
    .flatMap(({ points }) => points.flatMap((point) => [point.y, ...barOf(point)]))
    .filter(Number.isFinite);
  const isLog = panel.scale === "log";
  const domain = isLog ? logDomain(values) : linearDomain([...values, ...(panel.within ?? [])]);
  const xScale = { type: "linear", domain: [0, length], range: [LEFT, WIDTH - right] } as const;
  const yScale = { type: isLog ? "log" : "linear", domain, range: [TOP + PLOT_HEIGHT, TOP] } as const;
  const scales: Scales = { x: scale({ x: xScale }).apply, y: scale({ y: yScale }).apply };
  const ticks = isLog ? powersOfTen(domain) : 5;
  const hasLabels = panel.series.some(({ points }) => points.some(({ label }) => label !== undefined)); // they may stand where names do
  const shaded = spans.filter((_, index) => index % 2 === 1);
  const marks: Markish[] = [
    rect(shaded, { x1: "from", x2: "to", fill: BAND }),
    ...(hasLabels ? [] : [spanNames(spans, scales)]),
    gridY({ ticks, stroke: GRID, strokeOpacity: 1 }),
    axisY({ ticks, tickSize: 0, tickFormat: numberText, label: null }),
    axisX({
      ticks: 8,
      tickFormat: numberText,
      label: xName ?? null,
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: 38,
    }),
    ruleX([0], { stroke: INK }),
    panelName(panel.y),
    ...panel.series.flatMap((series, place) => drawSeries(series, place, length, scales)),
    ...seriesNames(panel.series, scales),
  ];
  return drawPanelOf({ size: PLOT_HEIGHT, below, right }, { x: xScale, y: yScale, marks });
}

/** The lower and the upper end of a point's bar; none where it has no bar. */
function barOf({ y, spread = 0, from, to }: Point): number[] {
  if (from !== undefined && to !== undefined) return [from, to];
  return spread > 0 ? [y - spread, y + spread] : [];
}

/** The names of the spans on top of the axes, if there is room for every one of them. */
function spanNames(spans: readonly Span[], { x }: Scales): Markish {
  const haveRoom = spans.every(({ from, to, name = "" }) => textWidth(name, SPAN_NAME_SIZE) + 2 < x(to) - x(from));
  const named = haveRoom ? spans.map(({ from, to, name }) => ({ x: (from + to) / 2, name })) : [];
  return text(named, { x: "x", text: "name", frameAnchor: "top", dy: -9, fontSize: SPAN_NAME_SIZE, fill: FAINT });
}

/** The last step of a series of steps lasts until the axis ends. */
function drawSeries({ points, form, colour }: Series, place: number, length: number, scales: Scales): Markish[] {
  const isSteps = form === "steps";
  const last = points.at(-1);
  const path = isSteps && last !== undefined ? [...points, { x: length, y: last.y }] : points;
  const labels = isSteps ? stepLabels(points, length, scales) : pointLabels(points, scales);
  const bars = points.flatMap((point) => {
    const [low, high] = barOf(point);
    return low !== undefined && high !== undefined ? [{ x: point.x, low, high }] : [];
  });
  const halo = { stroke: PAPER, strokeWidth: 3 };
  return [
    line(path, {
      x: "x",
      y: "y",
      curve: isSteps ? "step-after" : "linear",
      stroke: seriesColour(colour ?? place),
      strokeWidth: 2.2,
      strokeDasharray: dashes(place),
    }),
    ruleX(bars, { x: "x", y1: "low", y2: "high", stroke: seriesColour(colour ?? place), strokeWidth: 1.2 }),
    dot(form === "dots" ? points : [], { x: "x", y: "y", r: 2.6, fill: seriesColour(colour ?? place) }),
    text(labels, {
      x: "x",
      y: "y",
      text: "label",
      textAnchor: "end",
      dx: -3,
      dy: -9,
      fontSize: POINT_LABEL_SIZE,
      fill: INK,
      ...halo,
    }),
  ];
}

/** Labels end where their step ends, from the last one backwards; one that would meet the line or a label is left out. */
function stepLabels(points: readonly Point[], length: number, { x }: Scales): Point[] {
  const shown: Point[] = [];
  let free = Number.POSITIVE_INFINITY;
  for (let index = points.length - 1; index >= 0; index--) {
    const point = points[index] as Point;
    if (point.label === undefined) continue;
    const end = points[index + 1]?.x ?? length;
    const start = x(end) - textWidth(point.label, POINT_LABEL_SIZE) - 3;
    const isAboveTheLine = start > x(point.x) || point.y > (points[index - 1]?.y ?? Number.POSITIVE_INFINITY);
    if (!isAboveTheLine || x(end) > free) continue;
    shown.push({ ...point, x: end });
    free = start;
  }
  return shown;
}

/** Labels left of their points, from the last one backwards; one that would meet another is left out. */
function pointLabels(points: readonly Point[], { x }: Scales): Point[] {
  const shown: Point[] = [];
  let free = Number.POSITIVE_INFINITY;
  for (const point of [...points].reverse()) {
    if (point.label === undefined || x(point.x) > free) continue;
    shown.push(point);
    free = x(point.x) - textWidth(point.label, POINT_LABEL_SIZE) - 3;
  }
  return shown;
}

/** Names right of the axes, at the height where their lines end, moved apart where they would meet. */
function seriesNames(series: readonly Series[], { y }: Scales): Markish[] {
  const named = series.flatMap(({ name, points, colour }, place) => {
    const end = points.filter((point) => Number.isFinite(point.y)).at(-1);
    return name === undefined || end === undefined
      ? []
      : [{ name, wanted: y(end.y), fill: seriesColour(colour ?? place) }];
  });
  const tops = spreadLabels(
    named.map(({ wanted }) => wanted),
    NAME_APART,
    TOP,
    TOP + PLOT_HEIGHT,
  );
  return named.map(({ name, fill }, place) => nameAtRight(name, tops[place] ?? TOP, fill));
}
