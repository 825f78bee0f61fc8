import { performance } from "node:perf_hooks";
import type { Batch, Run } from "../../client/types.js";
import { type StageDecision, StageTimeline, scheduleOf } from "../../plan/batch/stage-timeline.js";
import { checkStage, checkStep, stageOf, stepsOf } from "../../plan/batch/timeline.js";
import { stepOfEpoch } from "../../plan/curriculum/schedule.js";
import type { Stage } from "../../plan/curriculum/stage.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { StepTaken } from "../../proto/messages.js";

import type { Model, StepSettings } from "../engines/engine.js";
import type { DecisionLog } from "../run-folder/decision-log.js";
import type { TrainingEvent } from "../run-folder/events.js";
import { polyLearningRate } from "./learning-rate.js";
import type { StageRequest, StageRequests } from "./stage-requests.js";
import { trainingBatch } from "./training-batch.js";
import { untilAborted } from "./until-aborted.js";

export interface LoopOptions {
  /** The open run; not disposed here. */
  readonly run: Run;
  /** With the state that `from` steps left behind. */
  readonly model: Model;
  /** `learningRate` is that of epoch 0. */
  readonly settings: StepSettings;
  /** Channels of the image. */
  readonly channels: number;
  /** Decisions made before are replayed; new ones are on disk before they are announced. */
  readonly log: DecisionLog;
  /** First step to take. */
  readonly from: number;
  readonly emit: (event: TrainingEvent) => void;
  /** Called at the end of each epoch and of the training with the number of steps taken. */
  readonly checkpoint: (steps: number) => Promise<void>;
  /** Transitions by hand, answered between two steps; refused when all steps are taken. */
  readonly stageRequests: StageRequests;
  /** Told in one line what carries the batches, and what the training goes on in spite of. */
  readonly notice: (line: string) => void;
  /** Stops after the step in progress. */
  readonly signal: AbortSignal;
}

/** The epoch that `step` belongs to. */
function epochOf(spec: { stepsPerEpoch: number }, step: number): number {
  let epoch = Math.floor(step / spec.stepsPerEpoch);
  while (stepOfEpoch(spec, epoch + 1) <= step) epoch++;
  return epoch;
}

/** Which stage each step has, by what is decided until now. */
function timelineOf({ run, log }: LoopOptions, more: readonly StageDecision[] = []): StageTimeline {
  return new StageTimeline(scheduleOf(run.info.spec, "train"), [...log.decisions, ...more]);
}

/**
 * Decides one manual transition after `delivered`, the last step that was taken, and answers it: it is on disk then, and it
 * holds whether or not a data server is told.
 */
function decide(request: StageRequest, delivered: number, options: LoopOptions): StageDecision {
  const { run, log } = options;
  const { spec } = run.info;
  const fromStep = request.fromStep ?? Math.max(run.firstUnwanted, delivered + 1);
  if (fromStep <= delivered) throw new PatchstreamError({ code: "STEP_PASSED", step: fromStep, delivered });
  checkStep(spec, "train", fromStep);
  const stage = request.stage ?? timelineOf(options).stageOf(fromStep) + 1;
  checkStage(spec, "train", stage);
  const decision = { stage, fromStep, reason: "manual", hold: request.hold };
  const scheduleFrom = timelineOf(options, [decision]).resumes(decision, stepsOf(spec, "train"));
  log.append([decision]);
  request.resolve({ ...decision, ...(scheduleFrom !== undefined && { scheduleFrom }) });
  return decision;
}

/**
 * Tells the data servers of a decision. One that does not answer changes nothing about it: wants name
 * the stage of their step.
 */
async function announce(decision: StageDecision, { run, notice }: LoopOptions): Promise<void> {
  try {
    await run.changeStage(decision);
  } catch (error) {
    const { stage, fromStep } = decision;
    const reason = error instanceof Error ? error.message : String(error);
    notice(`stage ${stage} from step ${fromStep} was not confirmed by every data server: ${reason}`);
  }
}

async function answerStageRequests(delivered: number, options: LoopOptions): Promise<void> {
  for (const request of options.stageRequests.take()) {
    try {
      await announce(decide(request, delivered, options), options);
    } catch (error) {
      request.reject(error);
    }
  }
}

/** Throws INTERNAL unless a batch came for the stage that is decided for its step. */
function checkDecided({ step, stage }: Batch, decided: number): void {
  if (stage === decided) return;
  const reason = `it came cut for stage ${stage}; its stage is ${decided}`;
  throw new PatchstreamError({ code: "INTERNAL", where: `step ${step}`, reason });
}

/** One optimiser step on one batch. Throws LOSS_NOT_FINITE before anything is written down. */
async function takeStep(
  batch: Batch,
  plan: Stage,
  { run, model, settings, channels }: LoopOptions,
): Promise<StepTaken> {
  const began = performance.now();
  const { spec } = run.info;
  const { step, stage, waitedMs, checksum } = batch;
  const epoch = epochOf(spec, step);
  const learningRate = polyLearningRate(settings.learningRate, epoch, spec.epochs);
  const tensors = trainingBatch(batch, plan, spec.wire.layout, channels);
  const result = await model.step(tensors, { ...settings, learningRate });
  const { loss, gradientNorm } = result;
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
    throw new PatchstreamError(
      { code: "LOSS_NOT_FINITE", step, stage, loss, gradientNorm },
      "Try a lower learning rate; the last checkpoint is from before it.",
    );
  }
  const stepMs = performance.now() - began;
  const tensorsOf = [batch.image, batch.label, ...batch.deepLabels];
  const batchBytes = tensorsOf.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  return { step, stage, epoch, learningRate, ...result, waitedMs, stepMs, batchBytes, checksum };
}

/**
 * Trains from step `from` to the end of the schedule: batch by batch as the data servers send them, at the learning rate of
 * nnU-Net's schedule, telling every step. Between two steps the model, the decisions and the checkpoints agree with each
 * other; that is where stages change and where it stops. Resolves to the number of steps taken in all.
 *
 * Scheduled transitions need no decision and cost nothing: wants run across them, and batches beyond are cut for the new stage.
 */
export async function train(options: LoopOptions): Promise<number> {
  const { run, log, emit, checkpoint, from, notice, signal, stageRequests } = options;
  const { spec } = run.info;
  const to = stepsOf(spec, "train");
  const decisions = [...log.decisions];

  let taken = from;
  let saved = from;
  let stage: number | undefined;
  let carrier: Batch["carrier"] | undefined;
  for await (using batch of untilAborted(run.batches({ from, to, decisions }), signal)) {
    const timeline = timelineOf(options);
    checkDecided(batch, timeline.stageOf(batch.step));
    const plan = stageOf(spec, "train", batch.stage);
    if (batch.carrier !== carrier) {
      carrier = batch.carrier;
      notice(`batches come over ${carrier === "lane" ? "a lane" : "gRPC"} from step ${batch.step} on`);
    }
    if (batch.stage !== stage) {
      stage = batch.stage;
      const { patchSize, batchSize } = plan;
      const reason = timeline.decided(batch.step)?.reason ?? "scheduled";
      emit({ kind: "stage", stage: { stage, fromStep: batch.step, reason, patchSize, batchSize } });
    }
    emit({ kind: "step", step: await takeStep(batch, plan, options) });
    taken = batch.step + 1;
    await answerStageRequests(batch.step, options);
    if (stepOfEpoch(spec, epochOf(spec, batch.step) + 1) === taken) {
      await checkpoint(taken);
      saved = taken;
    }
  }
  stageRequests.close(new PatchstreamError({ code: "STEP_UNKNOWN", timeline: "train", step: to, steps: to }));
  if (saved !== taken) await checkpoint(taken);
  return taken;
}
