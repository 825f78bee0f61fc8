import sharp from "sharp";
import { imageValues, labelValues } from "../../../client/index.js";
import { distinctColours } from "../../../loader/index.js";
import { escapeXml } from "../../../pictures/index.js";
import { type DrawnCrop, foregroundValues, type Sample, transformsText, type Zyx } from "../../../plan/index.js";
import { sizeText } from "../../columns.js";
import type { FetchedBatch } from "../fetched-batch.js";
import type { ShownCase, Volumes } from "../volumes.js";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";
import { type Drawing, type PlaneView, patchViews, volumeViews } from "./sample-view.js";
import { shownSamples } from "./shown-samples.js";

/** Of a page: a mail takes it, and a browser opens it at once. */
export const MOST_PAGE_BYTES = 2_000_000;
/** Kept free for the head of the page. */
const HEAD_BYTES = 60_000;
/** Of the legend; a data set may have hundreds of classes. */
const MOST_CLASSES = 40;
/** The channel that is shown. */
const CHANNEL = 0;

/** Loads nothing from anywhere. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/**
 * A batch inside its volumes as one HTML page that needs nothing else: of each sample the three planes of its case with label and box, and those of the
 * patch as the network gets it, with the draws of its augmentation. Of a large batch it shows some samples, evenly spread, and says so; it is smaller than
 * `mostBytes`. The first channel is shown.
 */
export async function batchPage(
  batch: FetchedBatch,
  volumes: Volumes,
  mostBytes: number = MOST_PAGE_BYTES,
): Promise<string> {
  const { dataset } = volumes;
  const classes = classesOf(dataset);
  const colours = new Map(classes.map(({ value, rgb }) => [value, rgb]));
  const { shape, values } = imageValues(batch.image, batch.spec.wire.layout === "channels-last");
  const tensors = { channels: shape[1] ?? 1, images: values, labels: labelValues(batch.label) };
  const articles: string[] = [];
  let bytes = HEAD_BYTES;
  for (const index of shownSamples(batch.samples.length)) {
    const article = await sampleArticle(batch, tensors, index, volumes, { sharp, colours });
    bytes += Buffer.byteLength(article);
    if (bytes > mostBytes) break;
    articles.push(article);
  }
  return pageText(batch, { dataset, classes, articles });
}

interface ShownClass {
  readonly value: number;
  readonly name: string;
  readonly rgb: readonly [number, number, number];
}

/** Of all samples. */
interface BatchValues {
  readonly channels: number;
  /** (B,C,Z,Y,X). */
  readonly images: Float32Array;
  /** (B,Z,Y,X). */
  readonly labels: Int16Array;
}

function classesOf(dataset: Volumes["dataset"]): ShownClass[] {
  const names = new Map(Object.entries(dataset.labels).map(([name, value]) => [value, name]));
  const values = foregroundValues(dataset);
  const colours = distinctColours(values.length);
  return values.map((value, index) => ({ value, name: names.get(value) ?? "", rgb: colours[index] ?? [255, 51, 51] }));
}

async function sampleArticle(
  { plan, samples }: FetchedBatch,
  { channels, images, labels }: BatchValues,
  index: number,
  volumes: Volumes,
  drawing: Drawing,
): Promise<string> {
  const crop = plan.crops[index] as DrawnCrop;
  const { start, size } = samples[index] as Sample;
  const shown = volumes.dataset.cases.find(({ id }) => id === crop.case) as ShownCase;
  const { patchSize } = plan;
  const voxels = patchSize[0] * patchSize[1] * patchSize[2];
  const first = (index * channels + CHANNEL) * voxels;
  const patch = {
    image: images.subarray(first, first + voxels),
    label: labels.subarray(index * voxels, (index + 1) * voxels),
  };
  const spacing = shown.spacingMm.map(
    (mm, axis) => (mm * (size[axis] ?? 1)) / (patchSize[axis] ?? 1),
  ) as unknown as Zyx;
  const leaves = start.some((at, axis) => at < 0 || at + (size[axis] ?? 0) > (shown.shape[axis + 1] ?? 0));
  const kind = crop.kind === "foreground" ? `around class ${crop.class}` : crop.kind;
  const facts = `${kind}; box from ${start.join(", ")} of ${sizeText(size)} voxels (Z,Y,X) in ${sizeText(shown.shape.slice(1))}${leaves ? ", which it leaves: what lies outside is 0 in the patch" : ""}`;
  const inVolume = await volumeViews(volumes, shown, { start, size }, drawing);
  const asGiven = await patchViews(patch, patchSize, spacing, drawing);
  return `<article tabindex="0" aria-label="sample ${crop.sample}">
<h2>${crop.sample}: ${escapeXml(crop.case)}</h2>
<p>${escapeXml(facts)}</p>
<p class="faint">augmentation: ${escapeXml(transformsText(crop.transforms))}</p>
<div class="pair">
${viewsText("in its volume, through the middle of the box", inVolume)}
${viewsText(`the patch as the network gets it, ${sizeText(patchSize)} voxels, middle planes`, asGiven)}
</div>
</article>`;
}

function viewsText(title: string, views: readonly PlaneView[]): string {
  return `<div class="views"><h3>${title}</h3>${views.map(figure).join("")}</div>`;
}

function figure({ name, width, height, image, label, box }: PlaneView): string {
  const places = box && (["left", "top", "width", "height"] as const).map((side) => `${side}:${box[side].toFixed(2)}%`);
  const boxed = places === undefined ? "" : `<div class="box" style="${places.join(";")}"></div>`;
  return `<figure><div class="plane" style="width:${width}px;height:${height}px"><img src="${image}" alt="${name} plane"><img class="label" src="${label}" alt="">${boxed}</div><figcaption>${name}</figcaption></figure>`;
}

function pageText(
  { plan, samples, checksum }: FetchedBatch,
  {
    dataset,
    classes,
    articles,
  }: {
    readonly dataset: Volumes["dataset"];
    readonly classes: readonly ShownClass[];
    readonly articles: readonly string[];
  },
): string {
  const title = `${dataset.name}: ${plan.timeline} step ${plan.step}, stage ${plan.stage}`;
  const crc = checksum.toString(16).padStart(8, "0");
  const few =
    articles.length < samples.length
      ? `${articles.length} of its ${samples.length} samples are shown, evenly spread, so that the page stays below 2 MB.`
      : "All its samples are shown.";
  const channel = `channel ${CHANNEL} (${dataset.channelNames[CHANNEL] ?? ""}) of ${dataset.channelNames.length}`;
  const legend = classes.slice(0, MOST_CLASSES).map(({ value, name, rgb }) => {
    return `<span class="class"><i style="background:rgb(${rgb.join(",")})"></i>${escapeXml(`${value} ${name}`)}</span>`;
  });
  const more =
    classes.length > MOST_CLASSES ? `<span class="faint">and ${classes.length - MOST_CLASSES} more</span>` : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeXml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
<p>patch ${sizeText(plan.patchSize)} voxels, batch ${plan.globalBatch}, ${escapeXml(channel)}, checksum ${crc}. ${few}</p>
<nav aria-label="what is shown">
<button type="button" data-toggle="label" aria-pressed="true">labels (L)</button>
<button type="button" data-toggle="box" aria-pressed="true">boxes (B)</button>
<span class="faint">J and K: next and previous sample</span>
${legend.join("\n")}${more}
</nav>
<main>
${articles.join("\n")}
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}
