import type { CaseEvaluated, Evaluated, RunOpened, StepRow } from "../../proto/messages.js";
import type { WatchedEvent, WatchedInShort } from "../client/events.js";
import { FiguresTally, type TrainingFigures } from "../figures.js";
import type { TrainingStateName } from "../state-words.js";
import { MOST_ROWS } from "./history-in-short.js";
import { mergeRows, rowOf } from "./step-row.js";
import { Thinned, type ThinnedChange } from "./thinned.js";

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

/** A training's history: entry i of steps, and of epochs, stands for as many of them as all others. */
export interface WholeHistory {
  readonly standing: TrainingStanding;
  readonly steps: readonly (StepRow | undefined)[];
  readonly epochs: readonly (EpochInShort | undefined)[];
}

/** What has changed since it was asked last. */
export interface HistoryChange {
  readonly standing: TrainingStanding;
  readonly steps?: ThinnedChange<StepRow>;
  readonly epochs?: ThinnedChange<EpochInShort>;
}

const MOST_NOTED = 400;
const MOST_CASES = 400;

/** Folds a training's events, from the first on, into what a picture of it needs, in memory that does not grow with its length. */
export class TrainingHistory {
  readonly #figures = new FiguresTally();
  readonly #steps: Thinned<StepRow>;
  readonly #epochs: Thinned<EpochInShort>;
  #standing: Omit<TrainingStanding, "figures"> = { spans: [], noted: [], classes: [], cases: [] };
  #batchSize = 0;
  #isChanged = true;

  /** `mostRows`: of steps, and of epochs. */
  constructor(mostRows = MOST_ROWS) {
    this.#steps = new Thinned(mostRows, mergeRows);
    this.#epochs = new Thinned(mostRows, (_earlier, later) => later);
  }

  /** Takes the next event of the training, whatever it tells. */
  add(event: WatchedInShort): void {
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
        this.#steps.add(event.step.step, rowOf(event.step, this.#batchSize));
        break;
      case "steps":
        this.#steps.add(event.steps.firstStep, event.steps);
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

  /** All of it, as it is now. */
  get whole(): WholeHistory {
    return { standing: this.#now, steps: this.#steps.entries, epochs: this.#epochs.entries };
  }

  get #now(): TrainingStanding {
    return { ...this.#standing, figures: this.#figures.figures };
  }

  /** What has changed since the last call; undefined where nothing has. */
  take(): HistoryChange | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    const [steps, epochs] = [this.#steps.take(), this.#epochs.take()];
    return {
      standing: this.#now,
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
