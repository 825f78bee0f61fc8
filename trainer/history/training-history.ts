import type { CaseEvaluated, Evaluated, RunOpened } from "../../proto/messages.js";
import type { WatchedEvent } from "../client/events.js";
import { FiguresTally, type TrainingFigures } from "../figures.js";
import type { TrainingStateName } from "../state-words.js";
import { Thinned, type ThinnedChange } from "./thinned.js";

/** Steps in a row. Sums over them, unless said otherwise. */
export interface StepsInARow {
  readonly steps: number;
  /** Of the last of them. */
  readonly stage: number;
  readonly learningRate: number;
  readonly lossMin: number;
  readonly lossMax: number;
  readonly lossSum: number;
  readonly gradientNormMax: number;
  /** Milliseconds that the loop waited for their batches, and that the steps took. */
  readonly waitedMs: number;
  readonly stepMs: number;
  readonly samples: number;
}

/** The last of some epochs in a row. */
export interface EpochInShort {
  readonly epoch: number;
  readonly stepsTaken: number;
  readonly loss: number;
  readonly validationLoss?: number;
  readonly pseudoDice?: number;
  readonly smoothedPseudoDice?: number;
}

/** From `fromStep` on. */
export interface StageSpan {
  readonly fromStep: number;
  readonly stage: number;
  /** Why: scheduled, manual, adaptive. */
  readonly reason: string;
}

/** Something that a person looks up later: a decision, a fault, a state. */
export interface Noted {
  readonly kind: "stage" | "decided" | "state" | "warning" | "fault";
  /** The step that it is about, or the next step to take. */
  readonly step: number;
  readonly text: string;
}

/** Of each class by name, where there is one. */
export type DiceByClass = readonly { readonly name: string; readonly dice?: number }[];

/** How a training stands. */
export interface TrainingStanding {
  readonly state?: TrainingStateName;
  /** Why, where it failed. */
  readonly message?: string;
  readonly opened?: RunOpened;
  readonly figures: TrainingFigures;
  /** The newest of them; with stages in random order there are as many as steps. */
  readonly spans: readonly StageSpan[];
  /** The newest of them, newest last. */
  readonly noted: readonly Noted[];
  /** Of the last epoch. */
  readonly classes: DiceByClass;
  readonly cases: readonly CaseEvaluated[];
  readonly evaluated?: Evaluated;
}

/** What has changed since it was asked last. */
export interface HistoryChange {
  readonly standing: TrainingStanding;
  readonly steps?: ThinnedChange<StepsInARow>;
  readonly epochs?: ThinnedChange<EpochInShort>;
}

/** Twice the pixels of a wide picture. */
const MOST_ENTRIES = 2048;
const MOST_NOTED = 400;
const MOST_CASES = 400;

/** Folds a training's events, from the first on, into what a picture of it needs, in memory that does not grow with its length. */
export class TrainingHistory {
  readonly #figures = new FiguresTally();
  readonly #steps = new Thinned<StepsInARow>(MOST_ENTRIES, mergeSteps);
  readonly #epochs = new Thinned<EpochInShort>(MOST_ENTRIES, (_earlier, later) => later);
  #standing: Omit<TrainingStanding, "figures"> = { spans: [], noted: [], classes: [], cases: [] };
  #batchSize = 0;
  #isChanged = true;

  /** Takes the next event of the training, whatever it tells. */
  add(event: WatchedEvent): void {
    this.#isChanged = true;
    this.#figures.add(event);
    switch (event.kind) {
      case "opened":
        this.#open(event.opened);
        break;
      case "state": {
        const { state, message } = event.state;
        this.#set({ state, message });
        this.#note(message === "" ? "state" : "fault", message === "" ? state : `${state}: ${message}`);
        break;
      }
      case "stage":
        this.#enter(event.stage);
        break;
      case "decided": {
        const { stage, reason, text, fromStep } = event.decided;
        this.#note("decided", `stage ${stage} (${reason}): ${text}`, fromStep);
        break;
      }
      case "step":
        this.#step(event.step);
        break;
      case "epoch":
        this.#epoch(event.epoch);
        break;
      case "warning":
        this.#note("warning", event.warning.text);
        break;
      case "caseEvaluated":
        this.#set({ cases: [...this.#standing.cases, event.caseEvaluated].slice(-MOST_CASES) });
        break;
      case "evaluated":
        this.#set({ evaluated: event.evaluated });
        break;
      case "checkpoint":
        break;
    }
  }

  /** What has changed since the last call; undefined where nothing has. */
  take(): HistoryChange | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    const [steps, epochs] = [this.#steps.take(), this.#epochs.take()];
    return {
      standing: { ...this.#standing, figures: this.#figures.figures },
      ...(steps && { steps }),
      ...(epochs && { epochs }),
    };
  }

  #set(changed: Partial<TrainingStanding>): void {
    this.#standing = { ...this.#standing, ...changed };
  }

  #note(kind: Noted["kind"], text: string, step = this.#figures.figures.stepsTaken): void {
    this.#set({ noted: [...this.#standing.noted, { kind, step, text }].slice(-MOST_NOTED) });
  }

  /** A training that is taken up again takes its steps again from its checkpoint on. */
  #open(opened: RunOpened): void {
    const { firstStep } = opened;
    this.#steps.forgetFrom(firstStep);
    const epochs = opened.steps === 0 ? 0 : Math.floor((firstStep * opened.epochs) / opened.steps);
    this.#epochs.forgetFrom(epochs);
    this.#set({ opened, spans: this.#standing.spans.filter(({ fromStep }) => fromStep < firstStep) });
    if (firstStep > 0) this.#note("state", `goes on at step ${firstStep}`);
  }

  #enter({ stage, fromStep, reason, patchSize, batchSize }: Extract<WatchedEvent, { kind: "stage" }>["stage"]): void {
    this.#batchSize = batchSize;
    this.#set({ spans: [...this.#standing.spans, { fromStep, stage, reason }].slice(-MOST_NOTED) });
    this.#note("stage", `stage ${stage} (${reason}): patch ${patchSize.join(" x ")}, batch ${batchSize}`, fromStep);
  }

  #step({
    step,
    stage,
    loss,
    gradientNorm,
    learningRate,
    waitedMs,
    stepMs,
  }: Extract<WatchedEvent, { kind: "step" }>["step"]): void {
    this.#steps.add(step, {
      steps: 1,
      stage,
      learningRate,
      lossMin: loss,
      lossMax: loss,
      lossSum: loss,
      gradientNormMax: gradientNorm,
      waitedMs,
      stepMs,
      samples: this.#batchSize,
    });
  }

  #epoch(ended: Extract<WatchedEvent, { kind: "epoch" }>["epoch"]): void {
    const { epoch, stepsTaken, loss, validationLoss, meanPseudoDice, smoothedPseudoDice, pseudoDice } = ended;
    this.#epochs.add(epoch, {
      epoch,
      stepsTaken,
      loss,
      ...(validationLoss !== undefined && { validationLoss }),
      ...(meanPseudoDice !== undefined && { pseudoDice: meanPseudoDice }),
      ...(smoothedPseudoDice !== undefined && { smoothedPseudoDice }),
    });
    this.#set({ classes: pseudoDice.map(({ name, dice }) => ({ name, ...(dice !== undefined && { dice }) })) });
  }
}

function mergeSteps(earlier: StepsInARow, later: StepsInARow): StepsInARow {
  return {
    steps: earlier.steps + later.steps,
    stage: later.stage,
    learningRate: later.learningRate,
    lossMin: Math.min(earlier.lossMin, later.lossMin),
    lossMax: Math.max(earlier.lossMax, later.lossMax),
    lossSum: earlier.lossSum + later.lossSum,
    gradientNormMax: Math.max(earlier.gradientNormMax, later.gradientNormMax),
    waitedMs: earlier.waitedMs + later.waitedMs,
    stepMs: earlier.stepMs + later.stepMs,
    samples: earlier.samples + later.samples,
  };
}
