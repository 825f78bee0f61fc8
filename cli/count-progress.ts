import { logLines, stderrLine } from "./log-lines.js";
import { paceOf } from "./pace-text.js";
import { stderrBar } from "./terminal-bar.js";

/** What is counted, in words: "counted 12 of 40 batches". */
export interface CountWords {
  /** Such as "counted". */
  readonly done: string;
  /** Such as "batches". */
  readonly unit: string;
}

/** Shows how many of so many equal parts are done. */
export interface CountProgress {
  show(done: number, total: number): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** Lines for a log: where nothing was said for half a minute, how far it is. */
export function countLines(words: CountWords, write: (line: string) => void, nowMs: () => number): CountProgress {
  const { say, isSilent } = logLines(write, nowMs);
  const pace = paceOf(words.unit, nowMs);
  return {
    show(done, total) {
      const text = pace(done, total);
      if (isSilent()) say(`${words.done} ${done} of ${total} ${words.unit}${text && `, ${text}`}`);
    },
    stop: () => undefined,
  };
}

const BYTES_A_MB = 1e6;

/** The same for bytes that are `done`, such as "fetched": shown in megabytes. */
export function byteProgress(done: string): CountProgress {
  const { show, stop } = countProgress({ done, unit: "MB" });
  const inMb = (bytes: number) => Math.ceil(bytes / BYTES_A_MB);
  return { show: (bytes, total) => show(inMb(bytes), inMb(total)), stop };
}

/** On stderr: a bar on a terminal, lines elsewhere. */
export function countProgress(words: CountWords): CountProgress {
  const bar = stderrBar();
  const nowMs = () => performance.now();
  if (bar === undefined) return countLines(words, stderrLine, nowMs);
  const pace = paceOf(words.unit, nowMs);
  return {
    show: (done, total) => bar.show({ before: `${done}/${total}`, share: done / total, after: pace(done, total) }),
    stop: () => bar.stop({ clear: true }),
  };
}
