import { linearDomain, logDomain, numberText } from "./axes.js";
import type { LinePanel, LinePicture, Point, Series, Span } from "./lines.js";

/** Lines of text of one chart. */
const ROWS = 6;
/** A braille letter has two dots a row and four a column. */
const DOTS = { across: 2, down: 4 };
/** Braille pattern without a dot, and the bit of each dot by row and column. */
const BLANK = 0x2800;
const BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const LEAST_COLUMNS = 20;

/**
 * A picture of lines as text, for a terminal or a log: each line is a chart of its own, since letters have no colours that must be told apart. Braille dots,
 * axes in plain signs. No line is longer than `columns`, but for axes of less than 20 letters.
 */
export function textOfLines({ title, notes = [], x, spans = [], panels }: LinePicture, columns: number): string {
  const ends = panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map((point) => point.x)));
  const length = Math.max(0, ...ends, ...spans.map(({ to }) => to)) || 1;
  const charts = panels.flatMap((panel) => panel.series.map((series) => ({ panel, series })));
  const labels = charts.map((chart) => axisLabels(chart.panel));
  const margin = Math.max(...labels.flat().map((label) => label.length));
  const width = Math.max(LEAST_COLUMNS, columns - margin - 2);
  const foot = [stageLine(spans, length, width), xAxis(length, width)].filter((line) => line !== undefined);
  const blank = " ".repeat(margin);
  const lines = charts.flatMap(({ panel, series }) => {
    const [high, low] = axisLabels(panel);
    const rows = drawn(panel, series, { length, width });
    const name = series.name === undefined ? panel.y : `${panel.y}: ${series.name}`;
    const label = (row: number) => (row === 0 ? high : row === ROWS - 1 ? low : "").padStart(margin);
    return ["", name, ...rows.map((row, index) => `${label(index)} ┤${row}`.trimEnd())];
  });
  const text = [title, ...notes, ...lines, ...foot.map((line) => `${blank}  ${line}`), `${blank}  ${x}`];
  return `${text.map((line) => cut(line, margin + 2 + width)).join("\n")}\n`;
}

/** As much of a line as has room. */
function cut(line: string, width: number): string {
  const letters = [...line];
  return letters.length <= width ? line : `${letters.slice(0, width - 1).join("")}…`;
}

function domainOf({ scale, series, within = [] }: LinePanel): readonly [number, number] {
  const values = series.flatMap(({ points }) => points.map(({ y }) => y)).filter(Number.isFinite);
  return scale === "log" ? logDomain(values) : linearDomain([...values, ...within]);
}

/** The upper and the lower end of the y axis. */
function axisLabels(panel: LinePanel): readonly [string, string] {
  const [low, high] = domainOf(panel);
  return [numberText(high), numberText(low)];
}

function drawn(
  panel: LinePanel,
  { points, form }: Series,
  { length, width }: { length: number; width: number },
): string[] {
  const [across, down] = [width * DOTS.across, ROWS * DOTS.down];
  const of = panel.scale === "log" ? Math.log10 : (value: number) => value;
  const [low, high] = domainOf(panel).map(of) as [number, number];
  const column = (x: number) => Math.min(across - 1, Math.floor((x / length) * across));
  const row = (y: number) => Math.round((1 - (of(y) - low) / (high - low)) * (down - 1));
  const cells = Array.from({ length: ROWS }, () => new Uint8Array(width));
  const set = (x: number, y: number) => {
    const line = cells[Math.floor(y / DOTS.down)];
    if (line === undefined) return;
    const cell = Math.floor(x / DOTS.across);
    line[cell] = (line[cell] ?? 0) | (BITS[y % DOTS.down]?.[x % DOTS.across] ?? 0);
  };
  const whole = form === "steps" ? stepped(points, length) : points;
  let before: { x: number; y: number } | undefined;
  for (const point of whole) {
    if (!Number.isFinite(of(point.y))) {
      before = undefined;
      continue;
    }
    const at = { x: column(point.x), y: row(point.y) };
    drawLine(before ?? at, at, set);
    before = at;
  }
  return cells.map((line) => [...line].map((bits) => (bits === 0 ? " " : String.fromCharCode(BLANK + bits))).join(""));
}

/** The corners of a line of steps, the last of which lasts until the axis ends. */
function stepped(points: readonly Point[], length: number): Point[] {
  return points.flatMap((point, index) => [point, { x: points[index + 1]?.x ?? length, y: point.y }]);
}

/** Every dot between two dots. */
function drawLine(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  set: (x: number, y: number) => void,
): void {
  const count = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let dot = 0; dot <= count; dot++)
    set(Math.round(from.x + ((to.x - from.x) * dot) / count), Math.round(from.y + ((to.y - from.y) * dot) / count));
}

/** The names of the spans below where they begin, as many as have room; undefined where no span has a name. */
function stageLine(spans: readonly Span[], length: number, width: number): string | undefined {
  let line = "";
  for (const { from, name } of spans) {
    if (name === undefined) continue;
    const at = Math.floor((from / length) * width);
    if (at < line.length + (line === "" ? 0 : 1) || at + name.length + 1 > width) continue;
    line = `${line.padEnd(at)}|${name}`;
  }
  return line === "" ? undefined : line;
}

function xAxis(length: number, width: number): string {
  const [left, right] = ["0", numberText(length)];
  return left + right.padStart(width - left.length);
}
