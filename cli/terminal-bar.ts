import { printable } from "../plan/index.js";
import { isQuiet } from "./quiet.js";

/** What a bar shows: words, how much is done, words. */
export interface BarText {
  readonly before?: string;
  /** 0 to 1. */
  readonly share: number;
  readonly after: string;
}

/** Of a terminal's stream what a bar needs. */
export interface Terminal {
  write(text: string): unknown;
  /** Absent or 0 where the terminal does not say. */
  readonly columns?: number;
}

const CLEAR_TO_END = "\u001b[K";
const TO_LINE_START = "\r";

/** Drawn at most so often: a person sees no more, and a slow connection carries no more. */
const REDRAW_MS = 100;

const USUAL_COLUMNS = 80;
const BAR_LENGTH = { wide: 20, narrow: 8 };

/** One line, cut where the terminal ends: what does not fit must not wrap, or the next drawing leaves it behind. */
function barLine({ before = "", share, after }: BarText, columns: number): string {
  const length = columns < USUAL_COLUMNS ? BAR_LENGTH.narrow : BAR_LENGTH.wide;
  const full = Math.round(length * Math.min(1, Math.max(0, share)));
  const bar = `[${"=".repeat(full)}${"-".repeat(length - full)}]`;
  const text = [before, bar, after].filter((part) => part !== "").join(" ");
  return [...printable(text)].slice(0, columns - 1).join("");
}

/**
 * A bar in the last line of a terminal, and lines of news above it. It changes nothing of the terminal, neither colours nor cursor nor modes:
 * a program that is ended in the middle of it, however that is, leaves the terminal usable.
 */
export class TerminalBar {
  readonly #terminal: Terminal;
  readonly #nowMs: () => number;
  #text: BarText | undefined;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #later: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, nowMs: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#nowMs = nowMs;
  }

  show(text: BarText): void {
    this.#text = text;
    if (this.#nowMs() - this.#drawnMs >= REDRAW_MS) this.#draw();
    else this.#later ??= setTimeout(() => this.#draw(), REDRAW_MS).unref();
  }

  /** A line of its own, above the bar. */
  say(line: string): void {
    this.#terminal.write(`${this.#text === undefined ? "" : TO_LINE_START + CLEAR_TO_END}${printable(line)}\n`);
    this.#draw();
  }

  /** Leaves the bar as it was last, and the cursor in the line below; with `clear`, no bar and the cursor where it was. */
  stop({ clear = false }: { readonly clear?: boolean } = {}): void {
    if (this.#text === undefined) return;
    if (clear) this.#terminal.write(TO_LINE_START + CLEAR_TO_END);
    else {
      this.#draw();
      this.#terminal.write("\n");
    }
    this.#forgetLater();
    this.#text = undefined;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
  }

  #forgetLater(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  #draw(): void {
    this.#forgetLater();
    if (this.#text === undefined) return;
    this.#drawnMs = this.#nowMs();
    const { columns = 0 } = this.#terminal;
    this.#terminal.write(TO_LINE_START + barLine(this.#text, columns || USUAL_COLUMNS) + CLEAR_TO_END);
  }
}

/** A bar on stderr, where that is a terminal that a line can be drawn on again; none under `--quiet`. */
export function stderrBar(): TerminalBar | undefined {
  return !isQuiet() && process.stderr.isTTY && process.env.TERM !== "dumb"
    ? new TerminalBar(process.stderr)
    : undefined;
}
