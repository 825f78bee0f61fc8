import { PatchstreamError } from "../plan/errors.js";
import { escapeXml } from "./frame.js";
import { inTheme, type Theme } from "./theme.js";

/** Dots an inch: two for each pixel of the SVG. */
const DENSITY = 144;

type Sharp = typeof import("sharp")["default"];

async function renderer(): Promise<Sharp> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    throw withoutPng("made where npm installed sharp", cause);
  }
}

function withoutPng(want: string, cause?: unknown): PatchstreamError {
  return new PatchstreamError({ code: "UNSUPPORTED", what: "a PNG picture", want }, "Name a file that ends in .svg.", {
    cause,
  });
}

/** Letters that no font draws alike: without any font, all are drawn as the same box or as nothing. */
async function hasFont(sharp: Sharp): Promise<boolean> {
  const drawn = ["i", "W"].map((letter) => {
    const text = `<text x="4" y="30" font-size="28" font-family="Helvetica, Arial, sans-serif">${escapeXml(letter)}</text>`;
    return sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">${text}</svg>`))
      .raw()
      .toBuffer();
  });
  const [one, other] = await Promise.all(drawn);
  return one !== undefined && other !== undefined && !one.equals(other);
}

/**
 * One of our pictures as PNG, two dots a pixel. Letters are those of the machine's fonts. Throws UNSUPPORTED where there is no font, or no sharp:
 * a picture without its words would say nothing.
 */
export async function pngOf(svg: string, theme: Theme): Promise<Uint8Array> {
  const sharp = await renderer();
  if (!(await hasFont(sharp))) throw withoutPng("made where a font is installed, such as fonts-dejavu-core");
  return await sharp(Buffer.from(inTheme(svg, theme)), { density: DENSITY })
    .png({ palette: true })
    .toBuffer();
}
