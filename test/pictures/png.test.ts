import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { drawLines, inTheme, pngOf } from "../../pictures/index.js";
import { COLOURS } from "../../pictures/palette.js";

const svg = drawLines({
  title: "Loss",
  x: "step",
  panels: [
    {
      y: "loss",
      series: [
        {
          points: [
            { x: 0, y: 1 },
            { x: 1, y: 0 },
          ],
        },
      ],
    },
  ],
});

test("a picture as PNG has two dots a pixel, and the paper of its theme", async (t) => {
  for (const theme of ["light", "dark"] as const) {
    const image = sharp(await pngOf(svg, theme));
    const { width, height } = await image.metadata();
    const [, ownHeight] = /height="(\d+)"/.exec(svg) ?? [];
    t.deepEqual([width, height], [2 * 860, 2 * Number(ownHeight)]);
    const { data } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const paper = COLOURS[0]?.[theme] ?? "";
    t.is(data.subarray(0, 3).toString("hex"), paper.slice(1));
  }
});

test("a picture of one theme has none of the other's colours", (t) => {
  for (const [theme, other] of [
    ["light", "dark"],
    ["dark", "light"],
  ] as const) {
    const fixed = inTheme(svg, theme);
    t.false(fixed.includes("prefers-color-scheme"));
    for (const colour of COLOURS)
      if (!COLOURS.some((one) => one[theme] === colour[other]))
        t.false(fixed.includes(`"${colour[other]}"`), colour[other]);
  }
});

(process.platform === "linux" ? test : test.skip)(
  "a machine without fonts is told so, not given a picture without words",
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "patchstream-fonts-"));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const none = join(folder, "fonts.conf");
    writeFileSync(
      none,
      `<?xml version="1.0"?><fontconfig><dir>${folder}</dir><cachedir>${folder}</cachedir></fontconfig>`,
    );
    const main = new URL("../../cli/main.js", import.meta.url).pathname;
    const png = join(folder, "stages.png");
    const args = ["plan", "--patch-size", "40,56,40", "--batch-size", "2", "--pooling", "3,3,3", "--plot", png];
    const env = { ...process.env, FONTCONFIG_FILE: none };
    const outcome = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [main, ...args], { env }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      );
    });
    t.is(outcome.code, 1);
    t.regex(outcome.stderr, /a PNG picture is not supported; it must be made where a font is installed.*\.svg/);
  },
);
