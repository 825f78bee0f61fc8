import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { OWNER_ONLY_FILE, reportingFailure } from "../../disk/write-file.js";
import type { ClassDice, EpochEnded } from "../../proto/messages.js";
import type { TrainingEvent } from "./events.js";
import { prepareJsonLines } from "./json-lines.js";

export const TRAINING_LOG_FILE = "training-log.txt";

const size = (voxels: readonly number[]) => voxels.join("x");
const dices = (classes: readonly ClassDice[]) => classes.map(({ dice }) => dice?.toFixed(4) ?? "nan").join(", ");

/** h:mm:ss */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (count: number) => String(count).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** What nnU-Net's log says of an epoch, in one line. */
function epochLine(ended: EpochEnded): string {
  const { epoch, loss, learningRate, validationLoss, pseudoDice, smoothedPseudoDice, best, secondsLeft } = ended;
  const validation =
    validationLoss === undefined
      ? []
      : [
          `val_loss ${validationLoss.toFixed(4)}`,
          `Pseudo dice [${dices(pseudoDice)}]`,
          `EMA pseudo Dice ${smoothedPseudoDice?.toFixed(4) ?? "nan"}${best ? " (new best)" : ""}`,
        ];
  return [
    `Epoch ${epoch}: learning rate ${Number(learningRate.toPrecision(4))}`,
    `train_loss ${loss.toFixed(4)}`,
    ...validation,
    `Epoch time ${(ended.trainSeconds + ended.validationSeconds).toFixed(2)} s`,
    `${duration(secondsLeft)} left`,
  ].join(", ");
}

/** What the log says of an event; undefined where it is silent. */
export function logLine(event: TrainingEvent): string | undefined {
  switch (event.kind) {
    case "opened": {
      const { dataset, firstStep, steps, epochs, stages, engine, parameters, digest } = event.opened;
      const run = `${dataset}, run ${digest}: ${stages.length} stages, ${epochs} epochs, ${steps} steps`;
      return `${run}, from step ${firstStep} on, ${parameters} parameters on ${engine}`;
    }
    case "stage": {
      const { stage, fromStep, reason, patchSize, batchSize } = event.stage;
      return `step ${fromStep}: stage ${stage}, patch ${size(patchSize)}, batch ${batchSize} (${reason})`;
    }
    case "decided": {
      const { stage, fromStep, reason, text } = event.decided;
      return `decided: stage ${stage} from step ${fromStep} on (${reason}): ${text}`;
    }
    case "epoch":
      return epochLine(event.epoch);
    case "caseEvaluated": {
      const { case: id, classes } = event.caseEvaluated;
      return `${id}: Dice [${dices(classes)}]`;
    }
    case "evaluated": {
      const { cases, classes, meanDice } = event.evaluated;
      return `evaluation of the last checkpoint on ${cases} cases: Dice [${dices(classes)}], mean ${meanDice?.toFixed(4) ?? "nan"}`;
    }
    case "warning":
      return `warning: ${event.warning.text}`;
    case "state":
    case "step":
    case "checkpoint":
      return undefined;
  }
}

/**
 * The log of a training for a person, in its folder: a line an epoch and a line a stage, each with its time (UTC). Its one writer is the
 * training's process. What is done again after a crash stands in it twice; `events.jsonl` has everything once.
 */
export class TrainingLog {
  readonly #file: string;
  readonly #now: () => Date;

  /** Opens the log in `folder`. Throws WRITE_FAILED. */
  constructor(folder: string, now: () => Date) {
    this.#file = join(folder, TRAINING_LOG_FILE);
    this.#now = now;
    prepareJsonLines(this.#file);
  }

  /** Throws WRITE_FAILED. */
  add(event: TrainingEvent): void {
    const line = logLine(event);
    if (line === undefined) return;
    const time = this.#now().toISOString().replace("T", " ").replace("Z", "");
    reportingFailure(this.#file, () => appendFileSync(this.#file, `${time}: ${line}\n`, { mode: OWNER_ONLY_FILE }));
  }
}
