import { voxelCount } from "../../plan/index.js";
import { sizeText } from "../columns.js";
import type { Curriculum } from "./plan-table.js";

const WIDTH = 860;
const LEFT = 84;
const RIGHT = 24;
const PANEL_HEIGHT = 200;
const TOP = 72;
const GAP = 56;
/** Width of a character of a label, rounded up. */
const LABEL_CHARACTER = 6.5;
const INK = "#24292f";
const FAINT = "#d8dee4";

interface Panel {
  readonly title: string;
  readonly colour: string;
  readonly top: number;
  /** One value per stage. */
  readonly values: readonly number[];
  /** The label at each stage's step. */
  readonly labels: readonly string[];
}

/** An SVG of a curriculum: voxels of a patch, and the batch, over the epochs; both scales are logarithmic. */
export function plotStages({ plan, mode, stages }: Curriculum): string {
  const epochs = stages.reduce((sum, stage) => sum + stage.epochs, 0);
  const x = (epoch: number) => LEFT + ((WIDTH - LEFT - RIGHT) * epoch) / epochs;
  const borders = [0];
  for (const stage of stages) borders.push((borders.at(-1) ?? 0) + stage.epochs);

  const second = TOP + PANEL_HEIGHT + GAP;
  const patches: Panel = {
    title: "patch, voxels",
    colour: "#0969da",
    top: TOP,
    values: stages.map(({ patchSize }) => voxelCount(patchSize)),
    labels: stages.map(({ patchSize }) => sizeText(patchSize)),
  };
  const batches: Panel = {
    title: "batch, samples",
    colour: "#bc4c00",
    top: second,
    values: stages.map(({ batchSize }) => batchSize),
    labels: stages.map(({ batchSize }) => `${batchSize}`),
  };
  const height = second + PANEL_HEIGHT + 52;
  const title = `${mode}: ${stages.length} ${stages.length === 1 ? "stage" : "stages"} to ${sizeText(plan.patchSize)}, batch ${plan.batchSize}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    ` font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${INK}">\n`,
    `<title>${title}</title>\n`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>\n`,
    text(LEFT, 30, title, 'font-size="17" font-weight="bold"'),
    ...drawPanel(patches, borders, x),
    ...drawPanel(batches, borders, x),
    ...epochAxis(epochs, second + PANEL_HEIGHT, x),
    "</svg>\n",
  ].join("");
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>\n`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${colour}"/>\n`;
}

function drawPanel(
  { title, colour, top, values, labels }: Panel,
  borders: readonly number[],
  x: (epoch: number) => number,
) {
  const ticks = logTicks(Math.min(...values), Math.max(...values));
  const [low, high] = [Math.log(ticks[0] as number), Math.log(ticks.at(-1) as number)];
  const y = (value: number) => top + PANEL_HEIGHT - (PANEL_HEIGHT * (Math.log(value) - low)) / (high - low);
  const parts = [text(LEFT, top - 12, title, `fill="${colour}" font-weight="bold"`)];
  for (const tick of ticks) {
    parts.push(line(LEFT, y(tick), WIDTH - RIGHT, y(tick), FAINT));
    parts.push(text(LEFT - 8, y(tick) + 4, tick.toLocaleString("en"), 'text-anchor="end"'));
  }
  const corners = values.flatMap((value, stage) => [
    `${x(borders[stage] as number).toFixed(1)},${y(value).toFixed(1)}`,
    `${x(borders[stage + 1] as number).toFixed(1)},${y(value).toFixed(1)}`,
  ]);
  parts.push(`<polyline points="${corners.join(" ")}" fill="none" stroke="${colour}" stroke-width="2.5"/>\n`);
  return [...parts, ...stepLabels({ values, labels }, borders, x, y)];
}

/** Labels at the right end of their steps, from the last one backwards; one that would meet a line or a label is left out. */
function stepLabels(
  { values, labels }: Pick<Panel, "values" | "labels">,
  borders: readonly number[],
  x: (epoch: number) => number,
  y: (value: number) => number,
): string[] {
  const drawn: string[] = [];
  let free = WIDTH;
  for (let stage = values.length - 1; stage >= 0; stage--) {
    const [label, value] = [labels[stage] as string, values[stage] as number];
    const end = x(borders[stage + 1] as number) - 3;
    const start = end - LABEL_CHARACTER * label.length;
    const fits = start > x(borders[stage] as number) || value > (values[stage - 1] ?? Number.POSITIVE_INFINITY);
    if (!fits || end > free) continue;
    drawn.push(
      text(
        end,
        y(value) - 5,
        label,
        'text-anchor="end" font-size="10" stroke="#ffffff" stroke-width="3" paint-order="stroke"',
      ),
    );
    free = start;
  }
  return drawn;
}

/** Powers of ten around the values, at least two of them. */
function logTicks(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min));
  const last = Math.max(first + 1, Math.ceil(Math.log10(max)));
  return Array.from({ length: last - first + 1 }, (_, power) => 10 ** (first + power));
}

function epochAxis(epochs: number, y: number, x: (epoch: number) => number): string[] {
  const parts = [line(LEFT, y, WIDTH - RIGHT, y, INK)];
  for (let tenth = 0; tenth <= 10; tenth += 2) {
    const epoch = Math.round((epochs * tenth) / 10);
    parts.push(line(x(epoch), y, x(epoch), y + 5, INK));
    parts.push(text(x(epoch), y + 20, `${epoch}`, 'text-anchor="middle"'));
  }
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, y + 40, "epoch", 'text-anchor="middle"'));
  return parts;
}
