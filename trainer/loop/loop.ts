import { performance } from "node:perf_hooks";
import type { Batch } from "../../client/types.js";
import { stageOf, stepsOf } from "../../plan/batch/timeline.js";
import { epochsBefore } from "../../plan/curriculum/schedule.js";
import type { Stage } from "../../plan/curriculum/stage.js";
import { PatchstreamError } from "../../plan/errors.js";
import { voxelCount } from "../../plan/zyx.js";
import type { StepTaken } from "../../proto/messages.js";
import { answerStageRequests, decideBeginning, timelineOf } from "./decisions.js";
import { endEpoch, noSteps, type TrainingState } from "./end-of-epoch.js";
import { foregroundOf } from "./foreground-of.js";
import { polyLearningRate } from "./learning-rate.js";
import type { LoopOptions } from "./loop-options.js";
import { TimeLeft } from "./time-left.js";
import { trainingBatch } from "./training-batch.js";
import { untilAborted } from "./until-aborted.js";

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
  { run, model, settings, channels, classes }: LoopOptions,
): Promise<StepTaken> {
  const began = performance.now();
  const { spec } = run.info;
  const { step, stage, waitedMs, checksum } = batch;
  const epoch = epochsBefore(spec, step);
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
  const held = foregroundOf(tensors.label, classes);
  return { step, stage, epoch, learningRate, ...result, waitedMs, stepMs, batchBytes, checksum, ...held };
}

/** Writes the step down in the trace of its batch. */
function traceStep(traceparent: string, taken: StepTaken, beganMs: number, { tracing }: LoopOptions): void {
  const { step, stage, epoch, waitedMs, loss } = taken;
  tracing?.record(traceparent, {
    name: "patchstream.step",
    beganMs,
    endedMs: performance.now(),
    attributes: {
      "patchstream.step": step,
      "patchstream.stage": stage,
      "patchstream.epoch": epoch,
      "patchstream.waited_ms": waitedMs,
      "patchstream.loss": loss,
    },
  });
}

/** Takes the step of `batch`, and tells it. */
async function stepOn(batch: Batch, state: TrainingState, options: LoopOptions): Promise<void> {
  const { run, emit, losses } = options;
  const plan = stageOf(run.info.spec, "train", batch.stage);
  const beganMs = performance.now();
  const taken = await takeStep(batch, plan, options);
  if (batch.traceparent !== undefined) traceStep(batch.traceparent, taken, beganMs, options);
  const { step, stage, loss, waitedMs, stepMs, gradientNorm } = taken;
  losses.push(loss);
  emit({ kind: "step", step: taken });
  state.taken = step + 1;
  const { trainMs, waitedMs: waitedBefore } = state.epoch;
  state.epoch = { trainMs: trainMs + waitedMs + stepMs, waitedMs: waitedBefore + waitedMs, gradientNorm };
  state.timeLeft.step({ stage, voxels: plan.batchSize * voxelCount(plan.patchSize) }, waitedMs + stepMs);
}

/** Ends the epochs whose steps are all taken. False where the signal aborted it. */
async function endEpochs(state: TrainingState, options: LoopOptions): Promise<boolean> {
  while (state.progress.epochs < epochsBefore(options.run.info.spec, state.taken))
    if (!(await endEpoch(state, options))) return false;
  return true;
}

/**
 * Trains from step `from` to the end of the schedule: batch by batch as the data servers send them, at the learning rate of
 * nnU-Net's schedule, telling every step, and validating at the end of each epoch. Between two steps the model, the decisions and the
 * checkpoints agree with each other; that is where stages change and where it stops. Resolves to "stopped" where the signal
 * aborted it; then the last checkpoint holds every step taken.
 *
 * Scheduled transitions need no decision and cost nothing: wants run across them, and batches beyond are cut for the new stage.
 */
export async function train(options: LoopOptions): Promise<"done" | "stopped"> {
  const { run, log, emit, from, notice, signal, stageRequests } = options;
  const { spec } = run.info;
  const to = stepsOf(spec, "train");
  const { progress: before } = options;
  const state: TrainingState = {
    taken: from,
    saved: from,
    progress: before,
    epoch: noSteps(),
    timeLeft: new TimeLeft(),
  };
  decideBeginning(options);

  // A training that was stopped while it validated goes on with that.
  let ended = await endEpochs(state, options);
  let stage = from === 0 ? undefined : timelineOf(options).stageOf(from - 1);
  let carrier: Batch["carrier"] | undefined;
  const batches = ended ? untilAborted(run.batches({ from, to, decisions: [...log.decisions] }), signal) : [];
  for await (using batch of batches) {
    const timeline = timelineOf(options);
    checkDecided(batch, timeline.stageOf(batch.step));
    if (batch.carrier !== carrier) {
      carrier = batch.carrier;
      notice(`batches come over ${carrier === "lane" ? "a lane" : "gRPC"} from step ${batch.step} on`);
    }
    if (batch.stage !== stage) {
      stage = batch.stage;
      const { patchSize, batchSize } = stageOf(spec, "train", stage);
      const reason = timeline.decided(batch.step)?.reason ?? "scheduled";
      emit({ kind: "stage", stage: { stage, fromStep: batch.step, reason, patchSize, batchSize } });
    }
    await stepOn(batch, state, options);
    await answerStageRequests(state.taken, options);
    ended = await endEpochs(state, options);
    if (!ended) break;
  }
  stageRequests.close(new PatchstreamError({ code: "STEP_UNKNOWN", timeline: "train", step: to, steps: to }));
  const { taken, progress, saved } = state;
  if (saved !== taken) await options.checkpoint({ step: taken, progress, isBest: false });
  return ended && taken === to ? "done" : "stopped";
}
