import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { StageSpan } from "../../trainer/index.js";
import { onThemeChange, screenColours } from "./colours.js";

/** A line of a chart. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Which colour, from 0. */
  readonly colour: number;
  /** Lowest and highest value around the line. */
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
  readonly isDots?: boolean;
}

interface ChartProps {
  readonly title: string;
  /** What the chart says, for who does not see it. */
  readonly words: string;
  /** Steps, ascending. */
  readonly x: readonly number[];
  /** Steps of the whole training. */
  readonly length: number;
  readonly lines: readonly Line[];
  readonly spans: readonly StageSpan[];
  /** The range that is always shown. */
  readonly within?: readonly [low: number, high: number] | undefined;
  readonly digits: (value: number) => string;
}

const HEIGHT = 190;
/** More changes of stage than that are a blur. */
const MOST_SPANS = 120;
const GAP_PX = 4;

/** One panel over steps, its stages shaded. */
export function Chart({ title, words, x, length, lines, spans, within, digits }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shaded = useRef(spans);
  shaded.current = spans.length > MOST_SPANS ? [] : spans;
  const shape = lines.map(({ name, band }) => `${name}${band ? "~" : ""}`).join();

  useEffect(() => {
    const make = () => {
      plot.current?.destroy();
      if (place.current !== null)
        plot.current = new uPlot(options({ lines, within, digits }, place.current, shaded), [[]], place.current);
    };
    make();
    const resized = new ResizeObserver(([entry]) => {
      if (entry) plot.current?.setSize({ width: entry.contentRect.width, height: HEIGHT });
    });
    if (place.current !== null) resized.observe(place.current);
    const unwatch = onThemeChange(() => {
      const data = plot.current?.data;
      make();
      if (data !== undefined) fill(data, length);
    });
    return () => {
      unwatch();
      resized.disconnect();
      plot.current?.destroy();
    };
  }, [shape]);

  const fill = (data: uPlot.AlignedData, end: number) => {
    plot.current?.setData(data, false);
    plot.current?.setScale("x", { min: 0, max: Math.max(1, end) });
  };
  useEffect(() => {
    const columns = lines.flatMap(({ values, band }) => (band ? [band.low, band.high, values] : [values]));
    fill([x, ...columns] as unknown as uPlot.AlignedData, length);
  }, [x, lines, length, spans]);

  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div class="chart" ref={place} role="img" aria-label={words} />
    </figure>
  );
}

function options(
  { lines, within, digits }: Pick<ChartProps, "lines" | "within" | "digits">,
  place: HTMLElement,
  spans: { readonly current: readonly StageSpan[] },
): uPlot.Options {
  const { ink, faint, grid, band, series: colourOf } = screenColours();
  const axis = { stroke: faint, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const series: uPlot.Series[] = [{ label: "step" }];
  const bands: uPlot.Band[] = [];
  for (const { name, colour, band: around, isDots } of lines) {
    const stroke = colourOf(colour);
    const value = (_plot: uPlot, shown: number | null) => (shown === null ? "-" : digits(shown));
    if (around) {
      bands.push({ series: [series.length + 1, series.length], fill: `${stroke}33` });
      for (const end of ["lowest", "highest"])
        series.push({ label: end, stroke: `${stroke}00`, width: 0, points: { show: false }, value });
    }
    const dots = isDots
      ? { paths: () => null, points: { show: true, size: 4, fill: stroke, stroke } }
      : { points: { show: false } };
    series.push({ label: name, stroke, width: 1.8, spanGaps: true, value, ...dots });
  }
  return {
    width: place.clientWidth || 600,
    height: HEIGHT,
    series,
    bands,
    scales: {
      x: { time: false },
      y: {
        range: (_plot, low, high) => {
          const [min, max] = [Math.min(within?.[0] ?? low, low), Math.max(within?.[1] ?? high, high)];
          const margin = within === undefined ? (max - min || Math.abs(max) || 1) * 0.06 : 0;
          return [min - margin, max + margin];
        },
      },
    },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map((tick) => tick.toLocaleString("en-US")), space: 70 },
      { ...axis, size: 64, values: (_plot, ticks) => ticks.map(digits), space: 32 },
    ],
    legend: { live: true, markers: { width: 2 } },
    cursor: { sync: { key: "steps" }, drag: { x: true, y: false }, y: false },
    hooks: { drawClear: [(plot) => shade(plot, spans.current, band, ink, faint)] },
  };
}

/** Every second stage behind the lines, with numbers where there is room. */
function shade(plot: uPlot, spans: readonly StageSpan[], band: string, _ink: string, faint: string): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui`;
  ctx.textBaseline = "top";
  spans.forEach(({ fromStep, stage }, index) => {
    const from = Math.min(right, Math.max(bbox.left, plot.valToPos(fromStep, "x", true)));
    const next = spans[index + 1]?.fromStep;
    const to = next === undefined ? right : Math.min(right, Math.max(bbox.left, plot.valToPos(next, "x", true)));
    if (index % 2 === 1) {
      ctx.fillStyle = band;
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
    }
    const name = `${stage}`;
    if (ctx.measureText(name).width + 2 * GAP_PX > to - from) return;
    ctx.fillStyle = faint;
    ctx.fillText(name, from + GAP_PX, bbox.top + 2);
  });
  ctx.restore();
}
