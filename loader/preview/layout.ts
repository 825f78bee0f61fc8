import type { BatchPlan } from "../../plan/batch/batch-plan.js";
import type { Zyx } from "../../plan/zyx.js";
import { LETTER_WIDTH, LINE_HEIGHT, wrapText } from "./font.js";

/** Of one picture. Three bytes each stay below the 4 MiB of a message, however badly they compress. */
const MOST_PIXELS = 1_300_000;
const MOST_WIDTH = 1400;
const LEAST_WIDTH = 720;
const LEAST_TILE_WIDTH = 17 * LETTER_WIDTH;
/** Pixels of the longest side that small patches are enlarged to: the first with which all samples are on one page, or else the last. */
const SIDES = [320, 240, 160, 96] as const;
/** Larger patches are made smaller. */
const LARGEST_SIDE = 360;
const MOST_CAPTION_LINES = 8;
const MOST_LEGEND_LINES = 12;
const MOST_HEADER_LINES = 3;

/** Pixels between tiles, and between the planes of one. */
export const TILE_GAP = 12;
export const PLANE_GAP = 4;

/** The planes of a tile from left to right: which axes (0 Z, 1 Y, 2 X) go down and to the right. */
export const PLANES = [
  { down: 1, right: 2 },
  { down: 0, right: 2 },
  { down: 0, right: 1 },
] as const;

/** Where everything lies on each page of a batch. The same for all pages, so that the number of pages does not depend on voxels. */
export interface PageLayout {
  readonly width: number;
  /** That no page is higher than. */
  readonly mostHeight: number;
  /** Pixels (Z,Y,X) of a sample of each spacing, in the order given. */
  readonly pixels: readonly Zyx[];
  readonly columns: number;
  readonly samplesPerPage: number;
  readonly pages: number;
  readonly tileWidth: number;
  /** With its caption and the gap below it. */
  readonly tileHeight: number;
  /** Of the planes, above the caption. */
  readonly planeHeight: number;
  readonly captionLetters: number;
  readonly captionLines: number;
  readonly legendColumns: number;
  readonly legendLines: number;
  readonly headerLines: number;
}

/** Pixels (Z,Y,X) that a patch of `size` voxels with this spacing is drawn with: voxels keep the proportions that they have in mm. */
function patchPixels(size: Zyx, spacingMm: Zyx, side: number): Zyx {
  const finest = Math.min(...spacingMm);
  const extents = size.map((voxels, axis) => voxels * ((spacingMm[axis] as number) / finest));
  const longest = Math.max(...extents);
  const zoom = longest > LARGEST_SIDE ? LARGEST_SIDE / longest : Math.max(1, Math.floor(side / longest));
  const [z, y, x] = extents.map((extent) => Math.max(1, Math.round(extent * zoom))) as [number, number, number];
  return [z, y, x];
}

/** What is written about a whole batch. */
export interface BatchTexts {
  /** The different ones that samples may have. */
  readonly captions: readonly string[];
  /** Of each class. */
  readonly classes: readonly string[];
  /** Stands on top of each page. */
  readonly header: string;
}

/** What a layout is made for. */
export interface Patches {
  /** Samples of the batch. */
  readonly samples: number;
  /** Voxels (Z,Y,X). */
  readonly size: Zyx;
  /** In mm (Z,Y,X); samples of different cases may differ. */
  readonly spacings: readonly Zyx[];
}

/** The layout of a batch's pages. */
export function pageLayout(patches: Patches, texts: BatchTexts): PageLayout {
  const layouts = SIDES.map((side) => layoutOf(patches, side, texts));
  return layouts.find(({ pages }) => pages === 1) ?? (layouts[SIDES.length - 1] as PageLayout);
}

function layoutOf({ samples, size, spacings }: Patches, side: number, texts: BatchTexts): PageLayout {
  const pixels = spacings.map((spacingMm) => patchPixels(size, spacingMm, side));
  const planesWidth = Math.max(...pixels.map(([, y, x]) => 2 * x + y + 2 * PLANE_GAP));
  const planeHeight = Math.max(...pixels.map(([z, y]) => Math.max(z, y)));
  const tileWidth = Math.max(planesWidth, LEAST_TILE_WIDTH);
  const captionLetters = Math.floor(tileWidth / LETTER_WIDTH);
  const captionLines = Math.min(
    MOST_CAPTION_LINES,
    Math.max(...texts.captions.map((caption) => captionText(caption, captionLetters).length)),
  );
  const tileHeight = planeHeight + PLANE_GAP + captionLines * LINE_HEIGHT + TILE_GAP;
  const pitch = tileWidth + TILE_GAP;
  const columns = Math.max(1, Math.min(samples, Math.floor((MOST_WIDTH - TILE_GAP) / pitch)));
  const width = Math.max(LEAST_WIDTH, columns * pitch + TILE_GAP);
  const headerLines = Math.min(MOST_HEADER_LINES, wrapText(texts.header, lettersOf(width)).length);
  const longestName = Math.max(1, ...texts.classes.map((name) => [...name].length));
  const entryWidth = Math.min((longestName + 4) * LETTER_WIDTH, width - 2 * TILE_GAP);
  const legendColumns = Math.max(1, Math.floor((width - 2 * TILE_GAP) / entryWidth));
  const legendLines = Math.min(MOST_LEGEND_LINES, Math.ceil(texts.classes.length / legendColumns));
  const beside = 4 * TILE_GAP + (headerLines + legendLines + 1) * LINE_HEIGHT;
  const height = Math.min(MOST_WIDTH, Math.floor(MOST_PIXELS / width));
  const samplesPerPage = columns * Math.max(1, Math.floor((height - beside) / tileHeight));
  return {
    width,
    mostHeight: height,
    pixels,
    columns,
    samplesPerPage,
    pages: Math.ceil(samples / samplesPerPage),
    tileWidth,
    tileHeight,
    planeHeight,
    captionLetters,
    captionLines,
    legendColumns,
    legendLines,
    headerLines,
  };
}

/** Letters in a line over the whole width. */
export function lettersOf(width: number): number {
  return Math.floor((width - 2 * TILE_GAP) / LETTER_WIDTH);
}

/** A caption (lines separated by line breaks) in lines of at most `letters`. */
export function captionText(caption: string, letters: number): string[] {
  return caption.split("\n").flatMap((line) => wrapText(line, letters));
}

/** Spacing in mm (Z,Y,X) of a patch's voxels; they are not those of the store where a crop is resized. */
export function patchSpacing({ cropSize, patchSize }: BatchPlan, spacingMm: Zyx): Zyx {
  const [z, y, x] = spacingMm.map((mm, axis) => (mm * (cropSize[axis] as number)) / (patchSize[axis] as number)) as [
    number,
    number,
    number,
  ];
  return [z, y, x];
}
