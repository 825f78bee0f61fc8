import type { LabelProgress } from "../../predict/index.js";
import { durationText } from "../duration-text.js";
import { logLines, stderrLine } from "../log-lines.js";
import { stderrBar, type TerminalBar } from "../terminal-bar.js";

/** Shows how far labelling is, on stderr. */
export interface ShownProgress {
  show(progress: LabelProgress): void;
  /** A line of its own. */
  say(line: string): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/**
 * Tells what is left, in words, "" before there is a measure. Reading an image takes its time before the first window, so that windows are
 * measured from the first one on, and whole images by those that are finished.
 */
function timeLeft(nowMs: () => number): (progress: LabelProgress) => string {
  let image: { readonly done: number; readonly beganMs: number } | undefined;
  let first: { readonly share: number; readonly atMs: number } | undefined;
  let [finished, finishedMs] = [0, 0];
  return ({ done, total, share }) => {
    const now = nowMs();
    if (image?.done !== done) {
      if (image !== undefined) [finished, finishedMs] = [finished + 1, finishedMs + now - image.beganMs];
      image = { done, beganMs: now };
      first = undefined;
    }
    if (share > 0) first ??= { share, atMs: now };
    if (first === undefined || share <= first.share) return "";
    const ownMs = ((now - first.atMs) * (1 - share)) / (share - first.share);
    const perImageMs = finished > 0 ? finishedMs / finished : now - image.beganMs + ownMs;
    return `${durationText((ownMs + perImageMs * (total - done - 1)) / 1000)} left`;
  };
}

/** Lines for a log: those that are said, and where nothing was said for half a minute how far the image in work is. */
export function progressLines(write: (line: string) => void, nowMs: () => number): ShownProgress {
  const left = timeLeft(nowMs);
  const { say, isSilent } = logLines(write, nowMs);
  return {
    show(progress) {
      const { id, done, total, share } = progress;
      const remaining = left(progress);
      if (isSilent())
        say(`${id} (${done + 1} of ${total}): ${Math.round(100 * share)} %${remaining && `, ${remaining}`}`);
    },
    say,
    stop: () => undefined,
  };
}

function progressBar(bar: TerminalBar): ShownProgress {
  const left = timeLeft(() => performance.now());
  return {
    show(progress) {
      const { id, done, total, share } = progress;
      const all = (done + share) / total;
      const after = `${Math.floor(100 * all)} % ${left(progress)}`;
      bar.show({ before: `image ${done + 1}/${total} ${id}`, share: all, after });
    },
    say: (line) => bar.say(line),
    stop: () => bar.stop({ clear: true }),
  };
}

/** A bar on a terminal, lines elsewhere. */
export function labelProgress(): ShownProgress {
  const bar = stderrBar();
  if (bar) return progressBar(bar);
  return progressLines(stderrLine, () => performance.now());
}
