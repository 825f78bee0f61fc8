import type { TrainingEvent } from "../../../trainer/run-folder/events.js";

/** Stages of the paper's Performance mode. */
export const STAGES = 15;

/** The patch of a stage: cubes that grow by two voxels. */
const patch = (stage: number) => [8 + 2 * stage, 8 + 2 * stage, 8 + 2 * stage];

/** What a trainer tells of a training of so many steps that was stopped at its end, in its order. Numbers are functions of the step. */
export function* longTraining(steps: number, stepsPerEpoch: number): Generator<TrainingEvent> {
  const first = (stage: number) => Math.floor((stage * steps) / STAGES);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  yield { kind: "state", state: { state: "TRAINING_STATE_QUEUED", message: "" } };
  yield { kind: "state", state: { state: "TRAINING_STATE_RUNNING", message: "" } };
  yield {
    kind: "opened",
    opened: {
      digest: "0".repeat(64),
      dataset: "Task04_Hippocampus",
      firstStep: 0,
      steps,
      epochs,
      stages: Array.from({ length: STAGES }, (_, stage) => ({
        patchSize: patch(stage),
        batchSize: 2 * (STAGES - stage),
        fromStep: first(stage),
        flops: 0,
      })),
      engine: "onnx",
      parameters: 1000,
    },
  };
  let stage = -1;
  for (let step = 0; step < steps; step++) {
    if (step === first(stage + 1)) {
      stage++;
      const entered = {
        stage,
        fromStep: step,
        reason: "scheduled",
        patchSize: patch(stage),
        batchSize: 2 * (STAGES - stage),
      };
      yield { kind: "stage", stage: entered };
    }
    yield {
      kind: "step",
      step: {
        step,
        stage,
        epoch: Math.floor(step / stepsPerEpoch),
        loss: lossAt(step),
        crossEntropy: 0.1,
        dice: 0.5,
        gradientNorm: 1,
        learningRate: 0.01 * (1 - step / steps) ** 0.9,
        waitedMs: step % 10,
        stepMs: 20,
        batchBytes: 1000,
        checksum: step,
      },
    };
    if ((step + 1) % stepsPerEpoch !== 0) continue;
    const dice = 1 - 1 / (2 + (8 * step) / steps);
    yield {
      kind: "epoch",
      epoch: {
        epoch: Math.floor(step / stepsPerEpoch),
        stepsTaken: step + 1,
        loss: lossAt(step),
        pseudoDice: [{ class: 1, name: "Anterior", dice }],
        meanPseudoDice: dice,
        smoothedPseudoDice: dice,
        best: true,
        learningRate: 0.01,
        samples: 100,
        trainSeconds: 5,
        waitedSeconds: 1,
        validationSeconds: 1,
        secondsLeft: steps - step,
      },
    };
  }
  yield { kind: "state", state: { state: "TRAINING_STATE_STOPPED", message: "" } };
}

/** It falls, and one step of it jumps. */
export function lossAt(step: number): number {
  return step === 123_456 ? 9.5 : 1 / (1 + step / 10_000) + ((step * 7919) % 100) / 1000;
}
