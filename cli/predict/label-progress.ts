import { SingleBar } from "cli-progress";
import type { LabelProgress } from "../../predict/index.js";

/** Shows how far labelling is, on stderr: a bar on a terminal, nothing elsewhere, where each image has its line. */
export interface ShownProgress {
  show(progress: LabelProgress): void;
  /** A line above the bar. */
  say(line: string): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** Seconds in words: "40 s", "12 min", "3.5 h". */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** What is left where `share` of the work, 0 to 1, took so many seconds; undefined before there is any. */
export function secondsLeft(share: number, seconds: number): number | undefined {
  return share > 0 ? (seconds * (1 - share)) / share : undefined;
}

export function labelProgress(): ShownProgress {
  if (!process.stderr.isTTY)
    return {
      show: () => undefined,
      say: (line) => void process.stderr.write(`${line}\n`),
      stop: () => undefined,
    };
  const bar = new SingleBar({
    format: "image {image}/{images} {id} [{bar}] {percentage}% {left}",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  let began: { readonly atMs: number; readonly done: number } | undefined;
  return {
    show({ id, done, total, share }) {
      began ??= { atMs: performance.now(), done };
      const own = (done + share - began.done) / (total - began.done);
      const left = secondsLeft(own, (performance.now() - began.atMs) / 1000);
      const shown = { id, image: done + 1, images: total, left: left === undefined ? "" : `${duration(left)} left` };
      if (!bar.isActive) bar.start(total, done, shown);
      bar.update(done + share, shown);
    },
    say(line) {
      const isActive = bar.isActive;
      process.stderr.write(`${isActive ? "\r\x1b[K" : ""}${line}\n`);
    },
    stop: () => bar.stop(),
  };
}
