import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { TrainingEvent } from "./events.js";

/** How far a training has come. */
export interface Standing {
  readonly stepsTaken: number;
  /** Of the whole training; 0 before its run was opened. */
  readonly steps: number;
  /** Of the last step. */
  readonly stage: number;
  /** Of the last epoch that ended; absent before, and without validation. */
  readonly smoothedPseudoDice?: number;
}

export const NOT_BEGUN: Standing = { stepsTaken: 0, steps: 0, stage: 0 };

/** How far it has come after one more event. */
export function standingAfter(standing: Standing, event: TrainingEvent): Standing {
  switch (event.kind) {
    case "opened":
      return { ...standing, steps: event.opened.steps, stepsTaken: event.opened.firstStep };
    case "step":
      return { ...standing, stepsTaken: event.step.step + 1, stage: event.step.stage };
    case "epoch": {
      const { smoothedPseudoDice, ...rest } = standing;
      const dice = event.epoch.smoothedPseudoDice;
      return { ...rest, ...(dice !== undefined && { smoothedPseudoDice: dice }) };
    }
    default:
      return standing;
  }
}

const BLOCK_BYTES = 1 << 16;
/** An epoch's steps and a large evaluation lie between its end and the end of the file. */
const MOST_BLOCKS = 16;

/** The events on whole lines; what is cut off or damaged is left out: whoever follows the log is told. */
function eventsIn(bytes: Buffer): TrainingEvent[] {
  return bytes
    .toString()
    .split("\n")
    .flatMap((line) => {
      try {
        const event = JSON.parse(line) as TrainingEvent | null;
        return event === null ? [] : [event];
      } catch {
        return [];
      }
    });
}

/**
 * How far the training has come whose events are in `file`: from the file's first block, and as many of its last ones as it takes to find a
 * step and the end of an epoch. What is not found there is not told.
 */
export function readStanding(file: string): Standing {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const read = (from: number, to: number) => {
      const block = Buffer.alloc(to - from);
      return block.subarray(0, readSync(descriptor, block, 0, block.length, from));
    };
    const opened = eventsIn(read(0, Math.min(size, BLOCK_BYTES))).filter(({ kind }) => kind === "opened");
    let tail: Buffer = Buffer.alloc(0);
    let from = size;
    for (let blocks = 0; blocks < MOST_BLOCKS && from > 0; blocks++) {
      const block = read(Math.max(0, from - BLOCK_BYTES), from);
      tail = Buffer.concat([block, tail]);
      from -= block.length;
      const isEnough = tail.includes('{"kind":"step"') && tail.includes('{"kind":"epoch"');
      if (isEnough || !block.includes("\n")) break;
    }
    return [...opened, ...eventsIn(tail)].reduce(standingAfter, NOT_BEGUN);
  } finally {
    closeSync(descriptor);
  }
}
