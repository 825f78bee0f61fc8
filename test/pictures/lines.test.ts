import test from "ava";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { drawLines, type LinePicture } from "../../pictures/index.js";
import { spreadLabels } from "../../pictures/labels.js";
import { COLOURS } from "../../pictures/palette.js";

const picture: LinePicture = {
  title: "constant & performance <two cores>",
  notes: ["20 cases"],
  x: "seconds of training",
  spans: [0, 1, 2].map((stage) => ({ from: 10 * stage, to: 10 * (stage + 1), name: `${stage}` })),
  panels: [
    {
      y: "Dice, 0 to 1",
      within: [0, 1],
      series: ["constant", "performance", "c", "d", "e", "f", "g"].map((name, index) => ({
        name,
        form: index === 0 ? ("dots" as const) : ("steps" as const),
        points: [0, 10, 20].map((x) => ({ x, y: (x + index) / 30, label: `at ${x}` })),
      })),
    },
    { y: "patch, voxels", scale: "log", series: [{ points: [{ x: 0, y: 512 }] }] },
  ],
};

/** The elements of `svg` that `selector` matches. */
function elements(svg: string, selector: string): { getAttribute(name: string): string | null; textContent: string }[] {
  return [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll(selector)];
}

test("the same picture is the same bytes", (t) => {
  t.is(drawLines(picture), drawLines(picture));
});

test("a picture says its title, its units and the names of its lines, whatever signs are in them", (t) => {
  const svg = drawLines(picture);
  t.regex(
    svg,
    /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]*>\n<title>constant &amp; performance &lt;two cores&gt;<\/title>/,
  );
  const texts = elements(svg, "text").map(({ textContent }) => textContent);
  for (const text of [picture.title, "20 cases", "seconds of training", "Dice, 0 to 1", "patch, voxels", "performance"])
    t.true(texts.includes(text), text);
  t.is(texts.filter((text) => text === "seconds of training").length, 1);
});

test("every colour of a picture has a dark form, which print does not take", (t) => {
  const svg = drawLines(picture);
  const dark = svg.slice(svg.indexOf("@media screen and (prefers-color-scheme:dark)"), svg.indexOf("</style>"));
  const colours = [...svg.matchAll(/(fill|stroke)="([^"]+)"/g)].map(
    ([, property, colour]) => `[${property}="${colour}"]`,
  );
  for (const selector of new Set(colours)) if (!selector.includes("none")) t.true(dark.includes(selector), selector);
});

test("lines and names stand out from the paper and from the dark screen", (t) => {
  const light = (hex: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); // WCAG 2.1, 1.4.11: 3
  const [paper, ink, faint, , , ...series] = COLOURS;
  for (const colour of [ink, faint, ...series]) {
    t.true(contrast(light(colour?.light ?? ""), light(paper?.light ?? "")) > 3, colour?.light);
    t.true(contrast(light(colour?.dark ?? ""), light(paper?.dark ?? "")) > 3, colour?.dark);
  }
});

test("lines differ in their dashes too, and from the seventh on in colour and dashes together", (t) => {
  const styles = elements(drawLines(picture), '[aria-label="line"]').map(
    (line) => `${line.getAttribute("stroke")} ${line.getAttribute("stroke-dasharray")}`,
  );
  t.is(new Set(styles.slice(0, 7)).size, 7);
});

test("a value that is no number is a gap, and a panel without values is drawn", (t) => {
  const points = [0, 1, 2, 3, 4].map((x) => ({ x, y: x === 2 ? Number.NaN : x }));
  const svg = drawLines({
    title: "gaps",
    x: "step",
    panels: [
      { y: "loss", series: [{ points }] },
      { y: "none", series: [] },
    ],
  });
  const [path] = elements(svg, '[aria-label="line"] path');
  t.is(path?.getAttribute("d")?.match(/M/g)?.length, 2);
  t.notRegex(svg, /NaN|undefined|Infinity/);
  const empty = drawLines({ title: "empty", x: "step", panels: [{ y: "none", series: [{ name: "a", points: [] }] }] });
  t.notRegex(empty, /NaN|undefined|Infinity/);
});

test("labels keep apart, stay inside where there is room, and move no further than they must", (t) => {
  const wanted = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 7 });
  fc.assert(
    fc.property(wanted, (tops) => {
      const placed = spreadLabels(tops, 15, 0, 100);
      const sorted = [...placed].sort((a, b) => a - b);
      for (const [index, top] of sorted.entries()) {
        if (index > 0) t.true(top - (sorted[index - 1] ?? 0) >= 15 - 1e-9);
        t.true(top >= -1e-9 && top <= 100 + 1e-9);
      }
      tops.forEach((top, a) => {
        tops.forEach((other, b) => {
          if (top < other) t.true((placed[a] ?? 0) < (placed[b] ?? 0));
        });
      });
    }),
  );
  t.deepEqual(spreadLabels([20, 80, 50], 15, 0, 100), [20, 80, 50]);
  t.deepEqual(spreadLabels([50, 50], 20, 0, 100), [40, 60]);
});

test("a point's spread is a bar inside the axes, whatever its size", (t) => {
  const points = [
    { x: 1, y: 5, spread: 20 },
    { x: 2, y: 5, spread: 0 },
    { x: 3, y: 5 },
  ];
  const svg = drawLines({ title: "spread", x: "x", panels: [{ y: "y", series: [{ points, form: "dots" }] }] });
  const bars = elements(svg, '[aria-label="rule"] line').filter((line) => line.getAttribute("x1") !== "76");
  t.is(bars.length, 1);
  const ends = ["y1", "y2"].map((end) => Number(bars[0]?.getAttribute(end)));
  t.true(Math.abs((ends[0] ?? 0) - (ends[1] ?? 0)) > 50 && ends.every((end) => end >= 40 && end <= 212), `${ends}`);
});
