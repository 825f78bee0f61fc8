import { SingleBar } from "cli-progress";
import type { TrainingEvent } from "../../trainer/index.js";

/** Shows a training as it goes: a bar on a terminal, elsewhere one line per event worth telling. */
export interface TrainingProgress {
  show(event: TrainingEvent): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** A state in a word: done, running, ... */
export function stateName(state: string): string {
  return state.replace("TRAINING_STATE_", "").toLowerCase();
}

const size = (voxels: readonly number[]) => voxels.join("x");

function newsOf(event: TrainingEvent): string | undefined {
  switch (event.kind) {
    case "state": {
      const { state, message } = event.state;
      return message === "" ? `training ${stateName(state)}` : `training ${stateName(state)}: ${message}`;
    }
    case "opened": {
      const { dataset, firstStep, steps, stages, engine, parameters } = event.opened;
      const network = `${parameters.toLocaleString("en")} parameters on ${engine}`;
      return `${dataset}: steps ${firstStep} to ${steps - 1}, ${stages.length} stages, ${network}`;
    }
    case "stage": {
      const { stage, fromStep, reason, patchSize, batchSize } = event.stage;
      return `step ${fromStep}: stage ${stage}, patch ${size(patchSize)}, batch ${batchSize} (${reason})`;
    }
    case "caseEvaluated": {
      const { case: id, classes } = event.caseEvaluated;
      return `${id}: Dice ${classes.map(({ name, dice }) => `${name} ${dice?.toFixed(3) ?? "-"}`).join(", ")}`;
    }
    case "warning":
      return `warning: ${event.warning.text}`;
    case "step":
    case "checkpoint":
    case "evaluated":
      return undefined;
  }
}

/** A log is silent for no longer than this, or a step, if that is longer. */
const SILENCE_MS = 30_000;

/**
 * Lines for a log. A step is worth one where nothing was said for half a minute: a log shows life, and stays short however many steps
 * there are and however late somebody begins to watch.
 */
export function progressLines(write: (line: string) => void, nowMs: () => number): TrainingProgress {
  let saidMs = nowMs();
  let steps = 0;
  const say = (line: string) => {
    saidMs = nowMs();
    write(`${line}\n`);
  };
  return {
    show(event) {
      if (event.kind === "opened") steps = event.opened.steps;
      const news = newsOf(event);
      if (news !== undefined) say(news);
      else if (event.kind === "step" && nowMs() - saidMs >= SILENCE_MS) {
        const { step, stage, loss } = event.step;
        say(`step ${step}: stage ${stage}, loss ${loss.toFixed(3)} (${step + 1} of ${steps} steps taken)`);
      }
    },
    stop: () => undefined,
  };
}

function bar(): TrainingProgress {
  const format = "step {value}/{total} [{bar}] stage {stage} {patch} batch {batch} loss {loss}";
  const steps = new SingleBar({ format, stream: process.stderr, hideCursor: true });
  let shown = { stage: "-", patch: "-", batch: "-", loss: "-" };
  return {
    show(event) {
      if (event.kind === "opened") {
        steps.start(event.opened.steps, event.opened.firstStep, shown);
      } else if (event.kind === "stage") {
        const { stage, patchSize, batchSize } = event.stage;
        shown = { ...shown, stage: String(stage), patch: size(patchSize), batch: String(batchSize) };
      } else if (event.kind === "step") {
        shown = { ...shown, loss: event.step.loss.toFixed(3) };
        steps.update(event.step.step + 1, shown);
        if (event.step.step + 1 === steps.getTotal()) steps.stop();
      } else {
        const news = newsOf(event);
        if (news !== undefined) process.stderr.write(`${steps.isActive ? "\n" : ""}${news}\n`);
      }
    },
    stop: () => steps.stop(),
  };
}

/** On stderr. */
export function trainingProgress(): TrainingProgress {
  if (process.stderr.isTTY) return bar();
  return progressLines(
    (line) => process.stderr.write(line),
    () => performance.now(),
  );
}
