import { Counter, Gauge, Histogram } from "prom-client";
import { LATENCY_SECONDS, type ServiceMetrics, serviceMetrics } from "../../rpc/server/service-metrics.js";
import type { TrainingEvent } from "../run-folder/events.js";
import { stateWord, TRAINING_STATES } from "../state-words.js";

/** What one trainer counts, in Prometheus's terms (docs/reference/metrics.md). */
export interface TrainerMetrics extends ServiceMetrics {
  observe(event: TrainingEvent): void;
}

export function createMetrics(): TrainerMetrics {
  const service = serviceMetrics("TrainerService");
  const registers = [service.registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `patchstream_training_${name}`, help, registers });
  const seconds = (name: string, help: string) =>
    new Histogram({ name: `patchstream_training_${name}`, help, buckets: LATENCY_SECONDS, registers });
  /** Absent until it is set: 0 would be a value that nobody measured. */
  const gauge = (name: string, help: string) => {
    const made = new Gauge({ name: `patchstream_training_${name}`, help, registers });
    made.remove();
    return made;
  };
  const steps = counter("steps_total", "Optimiser steps taken, by all trainings.");
  const stepSeconds = seconds("step_duration_seconds", "From a batch's arrival to the end of its step.");
  const waitSeconds = seconds("wait_duration_seconds", "What the loop waited for a step's batch.");
  const bytes = counter("batch_bytes_total", "Tensor bytes of the batches trained on.");
  const loss = gauge("loss", "Loss of the last step, of the training that took it.");
  const stage = gauge("stage", "Stage of the last step, from 0.");
  const dice = gauge("mean_dice", "Mean foreground Dice of the last evaluation that had one.");
  const states = new Counter({
    name: "patchstream_training_state_changes_total",
    help: "Trainings that changed to a state.",
    labelNames: ["state"],
    registers,
  });
  for (const state of TRAINING_STATES) states.inc({ state }, 0);
  return {
    ...service,
    observe(event) {
      if (event.kind === "step") {
        steps.inc();
        stepSeconds.observe(event.step.stepMs / 1000);
        waitSeconds.observe(event.step.waitedMs / 1000);
        bytes.inc(event.step.batchBytes);
        loss.set(event.step.loss);
        stage.set(event.step.stage);
      } else if (event.kind === "evaluated" && event.evaluated.meanDice !== undefined) {
        dice.set(event.evaluated.meanDice);
      } else if (event.kind === "state") {
        states.inc({ state: stateWord(event.state.state) });
      }
    },
  };
}
