import { printable } from "../plan/index.js";
import { isQuiet } from "./quiet.js";

/** A log is silent for no longer than this, or a step or window, if that is longer. */
const SILENCE_MS = 30_000;

/** Writes a line of progress on stderr, with its end; nothing under `--quiet`. */
export function stderrLine(line: string): void {
  if (!isQuiet()) process.stderr.write(line);
}

/** The lines that a long work writes where there is no terminal to draw on. */
export interface LogLines {
  say(line: string): void;
  /** Nothing was said for half a minute: a log shows life. */
  isSilent(): boolean;
}

/** Lines that go to `write`. */
export function logLines(write: (line: string) => void, nowMs: () => number): LogLines {
  let saidMs = nowMs();
  return {
    say(line) {
      saidMs = nowMs();
      write(`${printable(line)}\n`);
    },
    isSilent: () => nowMs() - saidMs >= SILENCE_MS,
  };
}
