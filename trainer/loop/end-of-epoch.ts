import { performance } from "node:perf_hooks";
import { stepOfEpoch } from "../../plan/curriculum/schedule.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { EpochEnded } from "../../proto/messages.js";
import { named } from "../evaluation/evaluate.js";
import type { Progress } from "../run-folder/progress.js";
import { plateauAfter } from "./adaptive.js";
import { advanceWhereDue, answerStageRequests, timelineOf } from "./decisions.js";
import { polyLearningRate } from "./learning-rate.js";
import type { LoopOptions } from "./loop-options.js";
import { smoothed } from "./pseudo-dice.js";
import { stepsLeft, stepsTaken } from "./steps-by-stage.js";
import type { TimeLeft } from "./time-left.js";
import { type Validated, validateEpoch } from "./validation.js";

/** What an epoch's steps were like, those before a training was resumed left out. */
export interface EpochSteps {
  trainMs: number;
  waitedMs: number;
  /** Gradient norm of the last of them; NaN before there is one. */
  gradientNorm: number;
}

/** A training between two steps. */
export interface TrainingState {
  /** Steps taken. */
  taken: number;
  /** Steps that the last checkpoint holds. */
  saved: number;
  progress: Progress;
  /** Of the epoch that has not ended. */
  epoch: EpochSteps;
  readonly timeLeft: TimeLeft;
}

/** Before the first step of an epoch. */
export const noSteps = (): EpochSteps => ({ trainMs: 0, waitedMs: 0, gradientNorm: Number.NaN });

/** Throws LOSS_NOT_FINITE: what a network makes of its validation batches comes of the last step, `step`. */
function checkFinite(loss: number, step: number, stage: number, gradientNorm: number): void {
  if (Number.isFinite(loss)) return;
  throw new PatchstreamError(
    { code: "LOSS_NOT_FINITE", step, stage, loss, gradientNorm },
    "It is the loss of the validation after this step. Try a lower learning rate; the last checkpoint is from before it.",
  );
}

/** The progress after one more epoch, whose last step had `stage`. */
function progressAfter(
  { epochs, ...before }: Progress,
  { stage, validated }: { readonly stage: number; readonly validated: Validated | undefined },
  { control }: LoopOptions,
): Progress & { readonly isBest: boolean } {
  const mean = validated?.dice.mean;
  const dice = mean === undefined ? before.smoothedPseudoDice : smoothed(before.smoothedPseudoDice, mean);
  // Strictly higher, as nnU-Net's `on_epoch_end`.
  const isBest = mean !== undefined && dice !== undefined && dice > (before.bestPseudoDice ?? Number.NEGATIVE_INFINITY);
  return {
    epochs: epochs + 1,
    ...before,
    ...(dice !== undefined && { smoothedPseudoDice: dice }),
    ...(isBest && { bestPseudoDice: dice }),
    ...(control.kind === "adaptive" && {
      plateau: plateauAfter(before.plateau, { stage, dice, minDelta: control.minDelta }),
    }),
    isBest,
  };
}

/**
 * Ends the epoch whose last step was taken: validates, tells, decides the next stage where the control does, and writes the checkpoint, in this
 * order. False where the signal aborted the validation: nothing has happened then, and the epoch has not ended.
 */
export async function endEpoch(state: TrainingState, options: LoopOptions): Promise<boolean> {
  const { run, model, settings, channels, validation, signal, losses, emit } = options;
  const { spec } = run.info;
  const { taken, epoch: steps } = state;
  const epoch = state.progress.epochs;
  const from = stepOfEpoch(spec, epoch);
  if (from === taken) {
    // With fewer steps than epochs, some have none.
    state.progress = { ...state.progress, epochs: epoch + 1 };
    return true;
  }
  const began = performance.now();
  const between = () => answerStageRequests(taken, options);
  const validated =
    validation && (await validateEpoch(epoch, { batches: validation, model, spec, channels, signal, between }));
  if (validation && validated === undefined) return false;
  const validationMs = performance.now() - began;
  const timeline = timelineOf(options);
  const stage = timeline.stageOf(taken - 1);
  if (validated) checkFinite(validated.loss, taken - 1, stage, steps.gradientNorm);

  const { isBest, ...progress } = progressAfter(state.progress, { stage, validated }, options);
  const ofEpoch = stepsTaken(from, taken, timeline, spec);
  const { smoothedPseudoDice } = progress;
  const ended: EpochEnded = {
    epoch,
    stepsTaken: taken,
    loss: losses.slice(from, taken).reduce((sum, loss) => sum + loss, 0) / (taken - from),
    pseudoDice: [],
    ...(validated && validationOf(validated, options)),
    ...(validated && smoothedPseudoDice !== undefined && { smoothedPseudoDice }),
    best: isBest,
    learningRate: polyLearningRate(settings.learningRate, epoch, spec.epochs),
    samples: ofEpoch.reduce((sum, { steps: count, samples }) => sum + count * samples, 0),
    trainSeconds: steps.trainMs / 1000,
    waitedSeconds: steps.waitedMs / 1000,
    validationSeconds: validationMs / 1000,
    secondsLeft: state.timeLeft.seconds(stepsLeft(taken, timeline, spec), spec.epochs - epoch - 1, validationMs),
  };
  emit({ kind: "epoch", epoch: ended });
  state.progress = progress;
  state.epoch = noSteps();
  if (progress.plateau) await advanceWhereDue(progress.plateau, taken, options);
  await options.checkpoint({ step: taken, progress, isBest });
  state.saved = taken;
  state.timeLeft.epochEnd(performance.now() - began);
  return true;
}

function validationOf({ loss, dice }: Validated, { classes }: LoopOptions) {
  return {
    validationLoss: loss,
    pseudoDice: named(classes, dice.perClass),
    ...(dice.mean !== undefined && { meanPseudoDice: dice.mean }),
  };
}
