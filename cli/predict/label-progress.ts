import { SingleBar } from "cli-progress";
import type { LabelProgress } from "../../predict/index.js";
import { durationText } from "../duration-text.js";
import { logLines } from "../log-lines.js";

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

function bar(): ShownProgress {
  const left = timeLeft(() => performance.now());
  const images = new SingleBar({
    format: "image {image}/{images} {id} [{bar}] {percentage}% {left}",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  return {
    show(progress) {
      const { id, done, total, share } = progress;
      const shown = { id, image: done + 1, images: total, left: left(progress) };
      if (!images.isActive) images.start(total, done, shown);
      images.update(done + share, shown);
    },
    say: (line) => void process.stderr.write(`${images.isActive ? "\r\x1b[K" : ""}${line}\n`),
    stop: () => images.stop(),
  };
}

/** A bar on a terminal, lines elsewhere. */
export function labelProgress(): ShownProgress {
  if (process.stderr.isTTY) return bar();
  return progressLines(
    (line) => process.stderr.write(line),
    () => performance.now(),
  );
}
