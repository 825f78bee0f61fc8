import type { Zyx } from "../../plan/zyx.js";
import { type Colour, distinctColours } from "./colours.js";
import { drawText, LETTER_WIDTH, LINE_HEIGHT, wrapText } from "./font.js";
import { captionText, lettersOf, type PageLayout, PLANE_GAP, PLANES, TILE_GAP } from "./layout.js";
import type { Slice } from "./slices.js";

/** One page of a batch: plain data, so that it can be drawn in another thread. */
export interface PageContent {
  readonly layout: PageLayout;
  readonly header: string;
  readonly samples: readonly {
    readonly slices: readonly Slice[];
    /** (Z,Y,X) on the picture. */
    readonly pixels: Zyx;
    readonly caption: string;
  }[];
  /** Foreground classes, ascending, with what the legend calls them. */
  readonly classes: readonly { readonly value: number; readonly text: string }[];
}

/** Rows of RGB. */
export interface Picture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const PAPER = 24;
const INK: Colour = [230, 230, 230];
/** How strongly a class's colour covers the image inside of its outline. */
const FILL = 0.25;
/** Grey goes from this percentile of a sample's values to the other: single bright voxels do not make all others dark. */
const DARKEST = 0.005;
const BRIGHTEST = 0.995;

/** Draws a page: header, a tile for each sample, and the legend of the classes that are seen on it. */
export function drawPage({ layout, header, samples, classes }: PageContent): Picture {
  const { width, columns, tileWidth, tileHeight, planeHeight } = layout;
  const colours = new Map<number, Colour>();
  for (const [index, colour] of distinctColours(classes.length).entries())
    colours.set(classes[index]?.value ?? 0, colour);
  const headerHeight = 2 * TILE_GAP + layout.headerLines * LINE_HEIGHT;
  const legendTop = headerHeight + Math.ceil(samples.length / columns) * tileHeight;
  const legendLines = Math.max(
    layout.legendLines,
    Math.floor((layout.mostHeight - legendTop - TILE_GAP) / LINE_HEIGHT) - 1,
  );
  const legend = legendOf({ samples, classes }, legendLines * layout.legendColumns);
  const legendHeight = (Math.ceil(legend.shown.length / layout.legendColumns) + 1) * LINE_HEIGHT;
  const height = legendTop + legendHeight + TILE_GAP;
  const rgb = new Uint8Array(width * height * 3).fill(PAPER);
  const paint = (x: number, y: number, colour: Colour) => {
    if (x < width) rgb.set(colour, 3 * (y * width + x));
  };
  const write = (text: string, left: number, top: number) => drawText(text, (x, y) => paint(left + x, top + y, INK));

  for (const [line, text] of wrapText(header, lettersOf(width)).slice(0, layout.headerLines).entries())
    write(text, TILE_GAP, TILE_GAP + line * LINE_HEIGHT);
  for (const [index, { slices, pixels, caption }] of samples.entries()) {
    const left = TILE_GAP + (index % columns) * (tileWidth + TILE_GAP);
    const top = headerHeight + Math.floor(index / columns) * tileHeight;
    const greyOf = greyScale(slices);
    let planeLeft = left;
    for (const [plane, { down, right }] of PLANES.entries()) {
      const size = { height: pixels[down], width: pixels[right] };
      const place = { left: planeLeft, top: top + Math.floor((planeHeight - size.height) / 2) };
      drawSlice(slices[plane] as Slice, size, { greyOf, colours }, (x, y, colour) =>
        paint(place.left + x, place.top + y, colour),
      );
      planeLeft += size.width + PLANE_GAP;
    }
    const lines = captionText(caption, layout.captionLetters).slice(0, layout.captionLines);
    for (const [line, text] of lines.entries()) write(text, left, top + planeHeight + PLANE_GAP + line * LINE_HEIGHT);
  }
  const entryWidth = Math.floor((width - 2 * TILE_GAP) / layout.legendColumns);
  for (const [index, { value, text }] of legend.shown.entries()) {
    const left = TILE_GAP + (index % layout.legendColumns) * entryWidth;
    const top = legendTop + Math.floor(index / layout.legendColumns) * LINE_HEIGHT;
    for (let y = 0; y < 14; y++)
      for (let x = 0; x < 2 * LETTER_WIDTH; x++) paint(left + x, top + y, colours.get(value) ?? INK);
    const letters = Math.floor(entryWidth / LETTER_WIDTH) - 3;
    write([...text].slice(0, letters).join(""), left + 3 * LETTER_WIDTH, top);
  }
  write(legend.rest, TILE_GAP, legendTop + legendHeight - LINE_HEIGHT);
  return { rgb, width, height };
}

/** The classes that the page shows, those with most pixels where there is no room for all, and a line about the others. */
function legendOf({ samples, classes }: Pick<PageContent, "samples" | "classes">, room: number) {
  const seen = new Map<number, number>();
  for (const { slices } of samples)
    for (const { label } of slices) for (const value of label) seen.set(value, (seen.get(value) ?? 0) + 1);
  const present = classes.filter(({ value }) => seen.has(value));
  const kept = new Set(
    present
      .toSorted((one, other) => (seen.get(other.value) ?? 0) - (seen.get(one.value) ?? 0))
      .slice(0, room)
      .map(({ value }) => value),
  );
  const shown = present.filter(({ value }) => kept.has(value));
  const without = present.length - shown.length;
  const absent = classes.length - present.length;
  const rest = [
    ...(without > 0 ? [`${without} more here have no room`] : []),
    ...(absent > 0 ? [`${absent} of ${classes.length} classes not seen here`] : []),
  ].join(", ");
  return { shown, rest };
}

/** Grey, 0 to 255, of a value of these slices. Where all values are equal it is half way. */
function greyScale(slices: readonly Slice[]): (value: number) => number {
  const values = new Float32Array(slices.reduce((sum, { image }) => sum + image.length, 0));
  let at = 0;
  for (const { image } of slices) {
    values.set(image, at);
    at += image.length;
  }
  values.sort();
  const last = values.length - 1;
  const low = values[Math.floor(last * DARKEST)] as number;
  const high = values[Math.ceil(last * BRIGHTEST)] as number;
  if (!(high > low)) return () => 128;
  return (value) => Math.min(255, Math.max(0, ((value - low) / (high - low)) * 255));
}

interface Look {
  readonly greyOf: (value: number) => number;
  readonly colours: ReadonlyMap<number, Colour>;
}

/** Draws a slice at `size`: grey where there is no class, a class as its outline and a faint fill. */
function drawSlice(
  { image, label, height, width }: Slice,
  size: { readonly height: number; readonly width: number },
  { greyOf, colours }: Look,
  paint: (x: number, y: number, colour: Colour) => void,
): void {
  const voxelAt = (x: number, y: number) =>
    Math.floor((y * height) / size.height) * width + Math.floor((x * width) / size.width);
  for (let y = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++) {
      const voxel = voxelAt(x, y);
      const grey = greyOf(image[voxel] as number);
      const value = label[voxel];
      const colour = value === undefined ? undefined : colours.get(value);
      if (colour === undefined) {
        paint(x, y, [grey, grey, grey]);
        continue;
      }
      const isInside = (nextX: number, nextY: number) =>
        nextX < 0 || nextY < 0 || nextX >= size.width || nextY >= size.height || label[voxelAt(nextX, nextY)] === value;
      if (isInside(x - 1, y) && isInside(x + 1, y) && isInside(x, y - 1) && isInside(x, y + 1))
        paint(x, y, mix(grey, colour));
      else paint(x, y, colour);
    }
}

function mix(grey: number, [red, green, blue]: Colour): Colour {
  const kept = grey * (1 - FILL);
  return [kept + red * FILL, kept + green * FILL, kept + blue * FILL];
}
