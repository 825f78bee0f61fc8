import test from "ava";
import { parseHTML } from "linkedom";
import { drawDots } from "../../pictures/index.js";

const picture = {
  title: "repeats <of two>",
  x: "Dice, %",
  panels: [
    {
      name: "length 100 %",
      rows: ["constant", "performance"].map((name, row) => ({ name, values: [70 + row, 72 + row, 74 + row] })),
    },
    { name: "nothing yet", rows: [{ name: "efficiency", values: [Number.NaN] }] },
  ],
};

test("a row has a dot for each value, and says its name; a row without a value is empty", (t) => {
  const svg = drawDots(picture);
  const { document } = parseHTML(`<html><body>${svg}</body></html>`);
  t.is(document.querySelectorAll('[aria-label="dot"] circle').length, 6);
  const texts = [...document.querySelectorAll("text")].map(({ textContent }) => textContent);
  for (const text of [
    "repeats <of two>",
    "Dice, %",
    "length 100 %",
    "nothing yet",
    "constant",
    "performance",
    "efficiency",
  ])
    t.true(texts.includes(text), text);
  t.notRegex(svg, /NaN|undefined|Infinity/);
  t.is(drawDots(picture), svg);
});

test("the mark of a row's mean lies in the middle of its bar, and both ends of the bar are one deviation away", (t) => {
  const { document } = parseHTML(
    `<html><body>${drawDots({ ...picture, panels: [{ name: "one", rows: [{ name: "a", values: [0, 10] }] }] })}</body></html>`,
  );
  const circles = [...document.querySelectorAll('[aria-label="dot"] circle')].map((circle) =>
    Number(circle.getAttribute("cx")),
  );
  const bars = [
    ...document.querySelectorAll(
      '[aria-label="rule"] line[stroke-width="2"], [aria-label="rule"][stroke-width="2"] line',
    ),
  ];
  const ends = bars.map((line) => ["x1", "x2"].map((end) => Number(line.getAttribute(end))).sort((a, b) => a - b));
  const middle = ((circles[0] ?? 0) + (circles[1] ?? 0)) / 2;
  t.deepEqual(ends, [circles, [middle, middle]], "of two values, the deviation is half of what lies between them");
});
