const ESCAPE = "\u001b";
const USUAL_COLUMNS = 80;
/** A wider picture, or chart, is no clearer. */
const MOST_COLUMNS = 120;
/** Of base64 in one sequence, as kitty's protocol allows. */
const CHUNK = 4096;

/** How a terminal takes pictures. */
type PictureProtocol = "kitty" | "iterm2" | "sixel";

/** Of a terminal's stream what a picture needs. */
export interface PictureTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const KITTY = /^(xterm-kitty|xterm-ghostty)$/;
const LIKE_ITERM2 = /^(iTerm\.app|WezTerm)$/;
const SIXEL = /^(foot|mlterm|contour)(-|$)/;
/** Konsole 22.04, as it writes it itself. */
const KONSOLE_WITH_SIXEL = 220_400;

/**
 * How `terminal` takes pictures, by what the environment says of it; undefined where it takes none, or nobody can know: a terminal within tmux
 * or screen, which hand on what they know themselves. Asking the terminal would take an answer from the keys that are typed.
 */
export function pictureProtocol(terminal: PictureTerminal, env: NodeJS.ProcessEnv): PictureProtocol | undefined {
  const { TERM = "", TERM_PROGRAM = "", LC_TERMINAL = "", KONSOLE_VERSION, KITTY_WINDOW_ID, NO_COLOR, TMUX, STY } = env;
  if (!terminal.isTTY || NO_COLOR || TMUX || STY || TERM === "dumb") return undefined;
  if (KITTY.test(TERM) || KITTY_WINDOW_ID) return "kitty";
  if (LIKE_ITERM2.test(TERM_PROGRAM) || LC_TERMINAL === "iTerm2") return "iterm2";
  return SIXEL.test(TERM) || Number(KONSOLE_VERSION) >= KONSOLE_WITH_SIXEL ? "sixel" : undefined;
}

/** How wide a picture on stdout is to be. */
export function pictureColumns(): number {
  return Math.min(MOST_COLUMNS, process.stdout.columns || USUAL_COLUMNS);
}

/** Draws a PNG below what the terminal shows, so many columns wide. */
export async function writePicture(
  png: Uint8Array,
  columns: number,
  protocol: PictureProtocol,
  to: PictureTerminal,
): Promise<void> {
  to.write(`${await sequenceOf(png, columns, protocol)}\n`);
}

async function sequenceOf(png: Uint8Array, columns: number, protocol: PictureProtocol): Promise<string> {
  if (protocol === "sixel") return (await import("./sixel-picture.js")).sixelSequence(png, columns);
  const base64 = Buffer.from(png).toString("base64");
  return protocol === "kitty" ? kittySequence(base64, columns) : iterm2Sequence(base64, columns);
}

/** https://sw.kovidgoyal.net/kitty/graphics-protocol/: show (a=T) a PNG (f=100), without an answer (q=2), which would be read as keys. */
function kittySequence(base64: string, columns: number): string {
  const chunks = base64.match(new RegExp(`.{1,${CHUNK}}`, "g")) ?? [];
  const keys = (at: number) => (at === 0 ? `a=T,f=100,q=2,c=${columns},` : "q=2,");
  return chunks
    .map((chunk, at) => `${ESCAPE}_G${keys(at)}m=${Number(at < chunks.length - 1)};${chunk}${ESCAPE}\\`)
    .join("");
}

/** https://iterm2.com/documentation-images.html */
function iterm2Sequence(base64: string, columns: number): string {
  return `${ESCAPE}]1337;File=inline=1;width=${columns};preserveAspectRatio=1:${base64}\u0007`;
}
