import sharp from "sharp";
import { FINALIZER, introducer, sixelEncode } from "sixel";

/** Dots a column: a terminal does not say how many it has without being asked, and few have fewer. */
const COLUMN_DOTS = 8;
/** Colours that a terminal has room for. */
const COLOURS = 256;

/** A PNG as sixels (DEC STD 070), so many columns wide where a column has 8 dots, in the 256 colours that suit it best. */
export async function sixelSequence(png: Uint8Array, columns: number): Promise<string> {
  const fitted = await sharp(png)
    .resize({ width: COLUMN_DOTS * columns, withoutEnlargement: true })
    .flatten({ background: "white" })
    .png({ palette: true, colours: COLOURS })
    .toBuffer();
  const { data, info } = await sharp(fitted).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const dots = new Uint32Array(data.buffer, data.byteOffset, info.width * info.height);
  const sixels = sixelEncode(data, info.width, info.height, [...new Set(dots)]);
  return `${introducer()}${sixels}${FINALIZER}`;
}
