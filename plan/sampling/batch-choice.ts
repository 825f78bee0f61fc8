import type { Purpose } from "../random.js";

/** What a strategy decides from: one batch of the run. */
export interface BatchDraw {
  readonly batchSize: number;
  /** How many of its samples are foreground; they are the last ones. */
  readonly foregroundCount: number;
  /** Cases to choose from. */
  readonly caseCount: number;
  /** Draws an integer below `count` for this batch. */
  draw(purpose: Purpose, sample: number, index: number, count: number): number;
}

/** Which case gives a sample. */
export interface SampleChoice {
  /** Index into the cases to choose from. */
  readonly caseIndex: number;
  readonly foreground: boolean;
}

/** A way to build a batch: one choice per sample of the global batch, in order. */
export type ChooseSamples = (batch: BatchDraw) => SampleChoice[];

/** Choices of a whole batch: `caseOf(sample, foreground)` says who gives it, the last `foregroundCount` are foreground. */
export function chooseEach(batch: BatchDraw, caseOf: (sample: number, foreground: boolean) => number): SampleChoice[] {
  const choices: SampleChoice[] = [];
  for (let sample = 0; sample < batch.batchSize; sample++) {
    const foreground = sample >= batch.batchSize - batch.foregroundCount;
    choices.push({ caseIndex: caseOf(sample, foreground), foreground });
  }
  return choices;
}

/** Two different cases, as an ordered pair: all n(n-1) of them are equally likely. `caseCount` is at least 2. */
export function drawTwoCases(batch: BatchDraw, purpose: Purpose): readonly [first: number, second: number] {
  const first = batch.draw(purpose, 0, 0, batch.caseCount);
  const other = batch.draw(purpose, 0, 1, batch.caseCount - 1);
  return [first, other < first ? other : other + 1];
}
