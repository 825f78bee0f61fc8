import { logLines } from "../log-lines.js";
import { paceOf } from "../pace-text.js";
import { stderrBar } from "../terminal-bar.js";

/** Shows how many batches were counted. */
export interface CountProgress {
  show(done: number, total: number): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** Lines for a log: where nothing was said for half a minute, how far it is. */
export function countLines(write: (line: string) => void, nowMs: () => number): CountProgress {
  const { say, isSilent } = logLines(write, nowMs);
  const pace = paceOf("batches", nowMs);
  return {
    show(done, total) {
      const text = pace(done, total);
      if (isSilent()) say(`counted ${done} of ${total} batches${text && `, ${text}`}`);
    },
    stop: () => undefined,
  };
}

/** On stderr: a bar on a terminal, lines elsewhere. */
export function countProgress(): CountProgress {
  const bar = stderrBar();
  const nowMs = () => performance.now();
  if (bar === undefined) return countLines((line) => process.stderr.write(line), nowMs);
  const pace = paceOf("batches", nowMs);
  return {
    show: (done, total) => bar.show({ before: `${done}/${total}`, share: done / total, after: pace(done, total) }),
    stop: () => bar.stop({ clear: true }),
  };
}
