import type { Tracing } from "../../rpc/tracing/tracing.js";
import type { Model, StepSettings } from "../engines/engine.js";
import type { LabelClass } from "../evaluation/evaluate.js";
import type { Progress } from "../run-folder/progress.js";
import type { DecisionOptions } from "./decisions.js";
import type { ValidationBatches } from "./validation.js";

/** What a checkpoint is written of. */
export interface Reached {
  /** Steps taken. */
  readonly step: number;
  readonly progress: Progress;
  /** The moving average of the pseudo Dice is the highest so far. */
  readonly isBest: boolean;
}

export interface LoopOptions extends DecisionOptions {
  /** With the state that `from` steps left behind. */
  readonly model: Model;
  /** `learningRate` is that of epoch 0. */
  readonly settings: StepSettings;
  /** Channels of the image. */
  readonly channels: number;
  /** The foreground classes, or the regions. */
  readonly classes: readonly LabelClass[];
  /** Absent: epochs end without validation. */
  readonly validation: ValidationBatches | undefined;
  /** First step to take. */
  readonly from: number;
  /** What the validation of the steps before `from` has shown. */
  readonly progress: Progress;
  /** Loss of each step before `from`; the loop adds to it. */
  readonly losses: number[];
  /** Called at the end of each epoch and of the training. */
  readonly checkpoint: (reached: Reached) => Promise<void>;
  /** Where an OpenTelemetry SDK was started. */
  readonly tracing?: Tracing | undefined;
  /** Stops after the step, or the validation batch, in progress. */
  readonly signal: AbortSignal;
}
