import { Counter, Gauge, Registry } from "prom-client";
import type { TrainingEvent } from "../run-folder/events.js";

/** What one trainer counts, in Prometheus's terms; a registry of its own, so that two trainers in one process do not mix. */
export interface TrainerMetrics {
  readonly registry: Registry;
  observe(event: TrainingEvent): void;
}

export function createMetrics(): TrainerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `patchstream_${name}`, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `patchstream_${name}`, help, registers });
  const steps = counter("training_steps_total", "Optimiser steps taken.");
  const stepSeconds = counter("training_step_seconds_total", "Seconds from a batch's arrival to the end of its step.");
  const waitedSeconds = counter("training_waited_seconds_total", "Seconds that the loop waited for batches.");
  const bytes = counter("training_batch_bytes_total", "Tensor bytes of the batches trained on.");
  const loss = gauge("training_loss", "Loss of the last step.");
  const stage = gauge("training_stage", "Stage of the last step, from 0.");
  const dice = gauge("training_mean_dice", "Mean foreground Dice of the last evaluation.");
  const states = new Counter({
    name: "patchstream_trainings_total",
    help: "Trainings that changed to a state.",
    labelNames: ["state"],
    registers,
  });
  return {
    registry,
    observe(event) {
      if (event.kind === "step") {
        steps.inc();
        stepSeconds.inc(event.step.stepMs / 1000);
        waitedSeconds.inc(event.step.waitedMs / 1000);
        bytes.inc(event.step.batchBytes);
        loss.set(event.step.loss);
        stage.set(event.step.stage);
      } else if (event.kind === "evaluated" && event.evaluated.meanDice !== undefined) {
        dice.set(event.evaluated.meanDice);
      } else if (event.kind === "state") {
        states.inc({ state: event.state.state });
      }
    },
  };
}
