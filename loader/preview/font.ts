/** Letters as dots: pictures look the same on a machine that has no fonts. */

/** The dot-matrix letters of printable ASCII, from the space on: 5 columns each (hex), whose lowest bit is the top row of 8 (the last is for g, j, p, q, y). */
const LETTERS =
  "0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050 0005030000 001C224100 0041221C00 2A1C7F1C2A 08083E0808 " +
  "0050300000 0808080808 0060600000 2010080402 3E5149453E 00427F4000 4261514946 2141454B31 1814127F10 2745454539 3C4A494930 0171090503 " +
  "3649494936 064949291E 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906 324979413E 7E1111117E 7F49494936 3E41414122 " +
  "7F4141221C 7F49494941 7F09090901 3E4149497A 7F0808087F 00417F4100 2040413F01 7F08142241 7F40404040 7F020C027F 7F0408107F 3E4141413E " +
  "7F09090906 3E4151215E 7F09192946 4649494931 01017F0101 3F4040403F 1F2040201F 3F4038403F 6314081463 0708700807 6151494543 007F414100 " +
  "0204081020 0041417F00 0402010204 4040404040 0001020400 2054545478 7F48444438 3844444420 384444487F 3854545418 087E090102 18A4A4A47C " +
  "7F08040478 00447D4000 4080847D00 7F10284400 00417F4000 7C04180478 7C08040478 3844444438 FC24242418 18242418FC 7C08040408 4854545420 " +
  "043F444020 3C4040207C 1C2040201C 3C4030403C 4428102844 1CA0A0A07C 4464544C44 0008364100 00007F0000 0041360800 1008081008";

const GLYPHS = LETTERS.split(" ").map((columns) => Buffer.from(columns, "hex"));

/** An empty box, for what has no letter here. */
const UNKNOWN = Buffer.from("7F4141417F", "hex");

/** Each dot is a square of 2 pixels. */
const DOT = 2;
const ROWS = 8;

/** Pixels from one letter to the next, and from one line to the next. */
export const LETTER_WIDTH = 6 * DOT;
export const LINE_HEIGHT = 9 * DOT;

/** Calls `dot` for each pixel of a text whose upper left corner is at (0,0). */
export function drawText(text: string, dot: (x: number, y: number) => void): void {
  for (const [at, letter] of [...text].entries()) {
    const bare = letter.normalize("NFD"); // an accent stands behind its letter then, and is not drawn
    const glyph = GLYPHS[(bare.codePointAt(0) ?? 0) - 0x20] ?? UNKNOWN;
    for (const [column, bits] of glyph.entries())
      for (let y = 0; y < ROWS * DOT; y++)
        for (let x = 0; x < DOT; x++)
          if ((bits >> Math.floor(y / DOT)) & 1) dot(at * LETTER_WIDTH + column * DOT + x, y);
  }
}

/** A text in lines of at most `letters`, broken at spaces where there are some. */
export function wrapText(text: string, letters: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= letters) line = longer;
    else {
      if (line !== "") lines.push(line);
      for (line = word; line.length > letters; line = line.slice(letters)) lines.push(line.slice(0, letters));
    }
  }
  return [...lines, line];
}
