import test from "ava";
import fc from "fast-check";
import { type LinePicture, textOfLines } from "../../pictures/index.js";

const BRAILLE = /[\u2801-\u28ff]/;

function picture(points: readonly { x: number; y: number }[]): LinePicture {
  return {
    title: "title",
    x: "step",
    spans: [
      { from: 0, to: 5, name: "0" },
      { from: 5, to: 10, name: "1" },
    ],
    panels: [{ y: "loss", within: [0, 10], series: [{ name: "training", points }] }],
  };
}

/** Rows of dots, from top to bottom. */
function rows(text: string): string[] {
  return text.split("\n").flatMap((line) => (line.includes("┤") ? [line.slice(line.indexOf("┤") + 1)] : []));
}

test("a chart says its title, units, names, ends of both axes and where stages begin", (t) => {
  const text = textOfLines(
    picture([
      { x: 0, y: 0 },
      { x: 10, y: 10 },
    ]),
    60,
  );
  for (const said of ["title", "loss: training", "step", "|0", "|1"]) t.true(text.includes(said), said);
  t.regex(text, /^10 ┤/m);
  t.regex(text, /^ 0 ┤/m);
  t.regex(text, /^ {4}0 +10$/m);
});

test("a rising line goes from the lower left to the upper right, and no dot of it is missing", (t) => {
  const drawn = rows(
    textOfLines(
      picture([
        { x: 0, y: 0 },
        { x: 10, y: 10 },
      ]),
      60,
    ),
  );
  t.is(drawn.length, 6);
  t.regex(drawn[5]?.[0] ?? "", BRAILLE);
  t.regex(drawn[0]?.at(-1) ?? "", BRAILLE);
  const width = Math.max(...drawn.map((row) => row.length));
  for (let column = 0; column < width; column++)
    t.true(
      drawn.some((row) => BRAILLE.test(row[column] ?? "")),
      `column ${column}`,
    );
});

test("a value that is no number is a gap", (t) => {
  const points = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((x) => ({ x, y: x === 5 ? Number.NaN : 5 }));
  const [row = ""] = rows(textOfLines(picture(points), 60)).filter((line) => BRAILLE.test(line));
  t.regex(row.trimEnd(), /[^ ] +[^ ]/);
});

test("no line is longer than asked for, whatever is drawn", (t) => {
  const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(Number.NaN));
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), fc.integer({ min: 40, max: 120 }), (values, columns) => {
        const drawn = picture(values.map((y, x) => ({ x, y })));
        const text = textOfLines({ ...drawn, notes: ["long ".repeat(40)] }, columns);
        return text.split("\n").every((line) => [...line].length <= columns);
      }),
    ),
  );
});

test("a logarithmic axis has steps of the same height for the same factor", (t) => {
  const points = [1, 10, 100, 1000].map((y, x) => ({ x, y }));
  const panels = [{ y: "voxels", scale: "log" as const, series: [{ form: "steps" as const, points }] }];
  const text = textOfLines({ title: "", x: "epoch", spans: [{ from: 0, to: 4 }], panels }, 60);
  t.regex(text, /1,000 ┤/);
  const drawn = rows(text);
  const width = Math.max(...drawn.map((row) => row.length));
  const heights = [0.1, 0.35, 0.6, 0.9].map((share) =>
    drawn.findIndex((row) => BRAILLE.test(row[Math.floor(share * width)] ?? "")),
  );
  t.deepEqual(heights, [5, 3, 2, 0]);
});
