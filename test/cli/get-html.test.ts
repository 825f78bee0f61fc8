import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { parseHTML } from "linkedom";
import sharp from "sharp";
import { fetchFromStore } from "../../cli/get/fetch-from-store.js";
import { batchPage } from "../../cli/get/page/batch-page.js";
import { openStore } from "../../loader/dataset/open-store.js";
import { serve } from "../../loader/server/serve.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { fileScope } from "../trainer/file-scope.js";
import { temporaryFolder } from "../trainer/processes.js";
import { patchstreamHere } from "./command.js";

const SIZE = [16, 24, 8] as const;
/** The largest batch of the paper's Table 1. */
const BATCH = 1575;
const DATA = {
  dataset: "Task04_Hippocampus",
  split: { fold: "all" },
  plan: { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] },
  stages: [
    { patchSize: SIZE, batchSize: 5, epochs: 1 },
    { patchSize: [8, 8, 8], batchSize: BATCH, epochs: 1 },
  ],
  epochs: 2,
  stepsPerEpoch: 2,
};

interface Node {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

const nodes = (page: string, selector: string) => [
  ...(parseHTML(page).document.querySelectorAll(selector) as Iterable<Node>),
];

/** Whether each pixel of a label's picture shows a class. */
async function shownClasses(picture: Node | undefined): Promise<{ mask: boolean[]; width: number; height: number }> {
  const [, base64 = ""] = (picture?.getAttribute("src") ?? "").split(",");
  const { data, info } = await sharp(Buffer.from(base64, "base64"))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const mask = Array.from({ length: info.width * info.height }, (_, at) => data[4 * at + 3] === 255);
  return { mask, width: info.width, height: info.height };
}

const scope = fileScope(test);
let folder = "";
let sample = "";

test.before("a store of the sample", async () => {
  folder = temporaryFolder(scope);
  sample = await makeSampleStore(folder);
});

test("a page shows each sample's box in its volume, and the very labels of its patch; the same from a store and from a server", async (t) => {
  await using store = await openStore(sample);
  await using server = await serve(store, { workers: 1 });
  const [run, out, html] = [join(folder, "run.json"), join(folder, "batch"), join(folder, "batch.html")];
  writeFileSync(run, JSON.stringify({ data: DATA }));
  const get = ["--run", run, "--step", "1", "--html", html];
  t.is((await patchstreamHere("get", "--data", server.address, ...get)).code, 0);
  const served = readFileSync(html, "utf8");
  t.is((await patchstreamHere("get", "--store", store.path, ...get, "--out", out)).code, 0);
  const page = readFileSync(html, "utf8");
  t.is(page, served);

  t.regex(page, /default-src 'none'/);
  t.notRegex(page, /https?:/);
  t.true(page.includes("All its samples are shown."));
  const { samples } = JSON.parse(readFileSync(join(out, "batch.json"), "utf8")) as {
    samples: { case: string; start: [number, number, number] }[];
  };
  const labels = readFileSync(join(out, "label.npy"));
  const voxels = SIZE[0] * SIZE[1] * SIZE[2];
  const begin = labels.length - 2 * samples.length * voxels;
  const articles = nodes(page, "article");
  t.is(articles.length, samples.length);
  let classes = 0;
  for (const [index, article] of articles.entries()) {
    const { case: id, start } = samples[index] as (typeof samples)[number];
    t.true(article.textContent.includes(id));
    t.true(article.textContent.includes(`box from ${start.join(", ")} of 16x24x8 voxels`));
    const { shape } = store.dataset.cases.find((one) => one.id === id) ?? { shape: [] };
    const [axial] = article.querySelectorAll(".box");
    const shares = [...(axial?.getAttribute("style") ?? "").matchAll(/:([\d.]+)%/g)];
    const [left, top] = shares.map(([, share]) => Number(share));
    t.true(Math.abs((left ?? -1) - (100 * Math.max(0, start[2])) / (shape[3] ?? 1)) < 0.01);
    t.true(Math.abs((top ?? -1) - (100 * Math.max(0, start[1])) / (shape[2] ?? 1)) < 0.01);
    const pictures = [...article.querySelectorAll(".label")];
    t.is(pictures.length, 6);
    const { mask, width, height } = await shownClasses(pictures[3]);
    t.deepEqual([height, width], [SIZE[1], SIZE[2]]);
    const plane = index * voxels + (SIZE[0] / 2) * width * height;
    for (const [at, isShown] of mask.entries()) {
      const value = labels.readInt16LE(begin + 2 * (plane + at));
      if (value > 0) classes++;
      if (isShown !== value > 0) t.fail(`sample ${index}, pixel ${at}: ${isShown}, label ${value}`);
    }
  }
  t.true(classes > 0, "some patch has a class in its middle");
});

test("of a batch of 1575 samples a page shows some, says so, and stays as small as it must", async (t) => {
  const request = { dataSpec: DATA, timeline: "train", step: 2, stage: undefined } as const;
  const [page, small] = await fetchFromStore(sample, {}, request, async (batch, volumes) => [
    await batchPage(batch, volumes),
    await batchPage(batch, volumes, 100_000),
  ]);
  t.true(Buffer.byteLength(page ?? "") <= 2_000_000);
  t.is(nodes(page ?? "", "article").length, 12);
  t.true(page?.includes(`12 of its ${BATCH} samples are shown, evenly spread`));
  t.true(Buffer.byteLength(small ?? "") <= 100_000);
  const shown = nodes(small ?? "", "article").length;
  t.true(shown > 0 && shown < 12);
  t.true(small?.includes(`${shown} of its ${BATCH} samples`));
});

test("buttons and keys hide labels and boxes", async (t) => {
  const request = { dataSpec: DATA, timeline: "train", step: 0, stage: undefined } as const;
  const page = await fetchFromStore(sample, {}, request, (batch, volumes) => batchPage(batch, volumes));
  const { document, Event } = parseHTML(page);
  new Function("document", document.querySelector("script")?.textContent ?? "")(document);
  for (const [name, key] of [
    ["label", "l"],
    ["box", "b"],
  ] as const) {
    const button = document.querySelector(`[data-toggle="${name}"]`);
    const isHidden = () => document.body.classList.contains(`no-${name}`);
    t.regex(page, new RegExp(`\\.no-${name} \\.${name}[,{]`), "the style sheet hides what the class names");
    for (const act of [
      () => document.dispatchEvent(Object.assign(new Event("keydown"), { key })),
      () => button?.dispatchEvent(new Event("click")),
    ]) {
      t.is(button?.getAttribute("aria-pressed"), "true");
      act();
      t.true(isHidden());
      t.is(button?.getAttribute("aria-pressed"), "false");
      act();
      t.false(isHidden());
    }
  }
  for (const article of nodes(page, "article")) t.is(article.getAttribute("tabindex"), "0");
  for (const image of nodes(page, "img")) t.not(image.getAttribute("alt"), null);
});
