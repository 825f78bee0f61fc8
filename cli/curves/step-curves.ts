import type { WatchedEvent } from "../../trainer/index.js";

/** A value over steps. */
export interface StepValue {
  /** Steps taken. */
  readonly step: number;
  readonly value: number;
}

/** A stage as it was trained. */
export interface TrainedStage {
  readonly stage: number;
  /** First step with it, from 0. */
  readonly fromStep: number;
  /** Z,Y,X. */
  readonly patchSize: readonly number[];
  readonly batchSize: number;
}

/** A training over its steps. */
export interface StepCurves {
  readonly dataset: string;
  /** Of the whole training; 0 where its run was not opened yet. */
  readonly steps: number;
  readonly stepsTaken: number;
  readonly stages: readonly TrainedStage[];
  /** Means over as many steps as each value stands for. */
  readonly loss: readonly StepValue[];
  readonly learningRate: readonly StepValue[];
  /** Of each validated epoch, at full patch. */
  readonly validationLoss: readonly StepValue[];
  /** Mean over the foreground classes, 0 to 1. */
  readonly pseudoDice: readonly StepValue[];
  /** Its moving average. */
  readonly smoothedPseudoDice: readonly StepValue[];
}

/** Values of a curve: more than a picture has pixels for would only be slow. */
const MOST_VALUES = 400;

/** A mean of neighbouring values, thinned as they become many: no more memory for a long training than for a short one. */
class ThinnedMeans {
  #perValue = 1;
  #values: StepValue[] = [];
  #open = { count: 0, sum: 0, step: 0 };

  add(step: number, value: number): void {
    const { count, sum } = this.#open;
    this.#open = { count: count + 1, sum: sum + value, step };
    if (this.#open.count < this.#perValue) return;
    this.#values.push(this.#mean());
    this.#open = { count: 0, sum: 0, step };
    if (this.#values.length < 2 * MOST_VALUES) return;
    this.#perValue *= 2;
    this.#values = this.#values.flatMap((second, index, all) => {
      const first = all[index - 1];
      return index % 2 === 1 && first ? [{ step: second.step, value: (first.value + second.value) / 2 }] : [];
    });
  }

  #mean(): StepValue {
    return { step: this.#open.step, value: this.#open.sum / this.#open.count };
  }

  get values(): StepValue[] {
    return this.#open.count === 0 ? [...this.#values] : [...this.#values, this.#mean()];
  }
}

/** Folds a training's events into its curves. */
export class CurvesTally {
  #dataset = "";
  #steps = 0;
  #stepsTaken = 0;
  readonly #stages: TrainedStage[] = [];
  readonly #loss = new ThinnedMeans();
  readonly #learningRate = new ThinnedMeans();
  readonly #epochs = {
    validationLoss: [] as StepValue[],
    pseudoDice: [] as StepValue[],
    smoothedPseudoDice: [] as StepValue[],
  };

  add(event: WatchedEvent): void {
    switch (event.kind) {
      case "opened":
        this.#dataset = event.opened.dataset;
        this.#steps = event.opened.steps;
        return;
      case "stage": {
        const { stage, fromStep, patchSize, batchSize } = event.stage;
        if (this.#stages.at(-1)?.stage !== stage) this.#stages.push({ stage, fromStep, patchSize, batchSize });
        return;
      }
      case "step": {
        const { step, loss, learningRate } = event.step;
        this.#stepsTaken = step + 1;
        this.#loss.add(step + 1, loss);
        this.#learningRate.add(step + 1, learningRate);
        return;
      }
      case "epoch": {
        const { stepsTaken: step, validationLoss, meanPseudoDice, smoothedPseudoDice } = event.epoch;
        const add = (values: StepValue[], value: number | undefined) =>
          value !== undefined && values.push({ step, value });
        add(this.#epochs.validationLoss, validationLoss);
        add(this.#epochs.pseudoDice, meanPseudoDice);
        add(this.#epochs.smoothedPseudoDice, smoothedPseudoDice);
      }
    }
  }

  get curves(): StepCurves {
    return {
      dataset: this.#dataset,
      steps: this.#steps,
      stepsTaken: this.#stepsTaken,
      stages: [...this.#stages],
      loss: this.#loss.values,
      learningRate: this.#learningRate.values,
      ...this.#epochs,
    };
  }
}
