import type { StudyStanding } from "../../study/index.js";
import type { EpochInShort, StepRow, TrainingFleet, TrainingInShort } from "../../trainer/index.js";
import type { PageEvent, ServerFigures, Trouble } from "../messages.js";

type Change = Extract<PageEvent, { kind: "change" }>["change"];

/** Entries that stand for `width` values each. */
export interface Entries<T> {
  readonly width: number;
  readonly entries: readonly (T | null | undefined)[];
}

/** The training that is shown. */
export interface Shown {
  readonly id: string;
  readonly standing?: Change["standing"];
  readonly steps: Entries<StepRow>;
  readonly epochs: Entries<EpochInShort>;
  /** How its data servers do; absent where it does not run. */
  readonly fleet?: TrainingFleet;
  /** All is told: it has ended. */
  readonly isWhole: boolean;
  /** Why it cannot be watched. */
  readonly trouble?: Trouble;
}

/** All that the page knows. */
export interface Model {
  readonly trainings: readonly TrainingInShort[] | undefined;
  /** What the trainer does not answer, or refuses. */
  readonly trouble: Trouble | undefined;
  readonly shown: Shown | undefined;
  readonly servers: readonly ServerFigures[] | undefined;
  /** The study whose folder was named. */
  readonly study: StudyStanding | undefined;
  /** Why it cannot be read. */
  readonly studyTrouble: Trouble | undefined;
  /** When something of the trainer came last, by this machine's clock. */
  readonly heardMs: number | undefined;
}

export const NOTHING: Model = {
  trainings: undefined,
  trouble: undefined,
  shown: undefined,
  servers: undefined,
  study: undefined,
  studyTrouble: undefined,
  heardMs: undefined,
};

const EMPTY = { width: 1, entries: [] } as const;

/** The model after one more event. */
export function after(model: Model, event: PageEvent, nowMs: number): Model {
  switch (event.kind) {
    case "alive":
      return model.trouble === undefined ? { ...model, heardMs: nowMs } : model;
    case "trainings":
      return { ...model, trainings: event.trainings, heardMs: nowMs };
    case "trouble":
      return { ...model, trouble: event.trouble ?? undefined };
    case "fleet":
      return model.shown === undefined ? model : { ...model, shown: withFleet(model.shown, event.fleet) };
    case "servers":
      return { ...model, servers: event.servers };
    case "study":
      return { ...model, study: event.study, studyTrouble: undefined, heardMs: nowMs };
    case "studyUnread":
      return { ...model, studyTrouble: event.trouble };
    case "begin": // what is shown stays until the first change
      return model.shown?.id === event.training
        ? model
        : { ...model, shown: { id: event.training, steps: EMPTY, epochs: EMPTY, isWhole: false } };
    case "change":
      return model.shown === undefined
        ? model
        : { ...model, heardMs: nowMs, shown: changed(model.shown, event.change) };
    case "ended":
      return model.shown === undefined ? model : { ...model, shown: { ...model.shown, isWhole: true } };
    case "unwatched":
      return model.shown === undefined ? model : { ...model, shown: { ...model.shown, trouble: event.trouble } };
    case "refused":
      return model;
  }
}

function withFleet({ fleet: _, ...shown }: Shown, fleet: TrainingFleet | null): Shown {
  return fleet === null ? shown : { ...shown, fleet };
}

function changed({ trouble: _, ...shown }: Shown, { standing, steps, epochs }: Change): Shown {
  return {
    ...shown,
    standing,
    isWhole: false,
    steps: steps === undefined ? shown.steps : spliced(shown.steps, steps),
    epochs: epochs === undefined ? shown.epochs : spliced(shown.epochs, epochs),
  };
}

function spliced<T>(
  before: Entries<T>,
  { width, from, entries }: { width: number; from: number; entries: readonly (T | undefined)[] },
): Entries<T> {
  return { width, entries: [...before.entries.slice(0, from), ...entries] };
}

/** Takes steps that it does not say are over. */
export function isUnderWay(training: TrainingInShort | undefined): boolean {
  return training?.state === "queued" || training?.state === "running";
}
