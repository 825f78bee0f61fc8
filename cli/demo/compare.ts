import type { Mode } from "../../plan/index.js";
import type { RunSpecInput, TrainingSpec, TrainingSummary, WatchedEvent } from "../../trainer/index.js";
import type { Sample, Train } from "./sample.js";
import { type StageCost, stageCost, stepsFilling, stepsPerEpoch, stepsWithin } from "./step-budget.js";
import { CurveTally, type TrainingCurve } from "./training-curve.js";

/** One of the two trainings. */
export interface Trained extends TrainingCurve, Pick<TrainingSummary, "cases" | "classes" | "meanDice"> {
  readonly mode: Mode;
}

/** A constant patch beside PGPS-Performance, in the same time. */
export interface Comparison {
  readonly budgetSeconds: number;
  readonly constant: Trained;
  readonly performance: Trained;
}

export interface CompareOptions {
  /** For each of the two: steps and waiting. */
  readonly seconds: number;
  /** Of both. */
  readonly training: Partial<TrainingSpec>;
  /** Told before each training, and what happens in it. */
  readonly onTraining: (words: string) => (event: WatchedEvent) => void;
}

/** As many as Performance has stages on the sample, which each have one then. */
const EPOCHS = 15;
const VALIDATION_BATCHES = 6;
/** Steps of each stage when costs are measured: the first one costs more than those after it. */
const TRIAL_STEPS = 3;

/**
 * Trains the sample twice with everything the same but the curriculum. How it gives both the same time: a few steps of every stage tell what each
 * costs; Performance gets the steps that fit into the budget, and goes through its whole schedule with them; constant gets as many steps as
 * fill the time that Performance really took, rounded up. Throws REQUEST_INVALID for a budget of less than one step a stage.
 */
export async function compare(
  { dataset, cases, split }: Sample,
  train: Train,
  options: CompareOptions,
): Promise<Comparison> {
  const { seconds, training, onTraining } = options;
  const common = { dataset, epochs: EPOCHS, seed: 1, augmentation: "none" } as const;
  const follow = async (words: string, run: RunSpecInput) => {
    const curve = new CurveTally();
    const tell = onTraining(words);
    const summary = await train(run, (event) => {
      curve.add(event);
      tell(event);
    });
    const { cases: evaluated, classes, meanDice } = summary;
    return { ...curve.curve, cases: evaluated, classes, ...(meanDice !== undefined && { meanDice }) };
  };
  const trainFor = async (mode: Mode, steps: number): Promise<Trained> => {
    const words = `${mode}: ${steps} steps`;
    const data = { ...common, split, mode, stepsPerEpoch: stepsPerEpoch(steps, EPOCHS), valSteps: VALIDATION_BATCHES };
    return { mode, ...(await follow(words, { data, training })) };
  };

  const everyCase = { train: cases, val: [] }; // nothing to evaluate
  const trial = await follow(`measuring ${TRIAL_STEPS} steps of each stage`, {
    data: { ...common, split: everyCase, mode: "performance", stepsPerEpoch: TRIAL_STEPS },
    training,
  });
  const costs = trial.stages.map(({ stepSeconds }) => stageCost(stepSeconds));
  const performance = await trainFor("performance", stepsWithin(seconds, costs));
  const constant = await trainFor("constant", stepsFilling(performance.seconds, [constantCost(trial, performance)]));
  return { budgetSeconds: seconds, constant, performance };
}

/** A constant patch costs what the last stage costs: as Performance took its steps, or the trial where those were too few to tell. */
function constantCost(trial: TrainingCurve, performance: TrainingCurve): StageCost {
  const lastSteps = ({ stages }: TrainingCurve) => stages.at(-1)?.stepSeconds ?? [];
  const taken = lastSteps(performance);
  return stageCost(taken.length >= TRIAL_STEPS ? taken : lastSteps(trial));
}
