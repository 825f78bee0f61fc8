import type { Training, TrainingState } from "../../proto/messages.js";
import { codeOf, framesOf, type ServiceLog } from "../../rpc/server/service-log.js";
import type { EventLog } from "../run-folder/event-log.js";
import type { TrainingEvent } from "../run-folder/events.js";
import type { TrainingRequest } from "../run-folder/request.js";
import { type Standing, standingAfter } from "../run-folder/standing.js";
import type { RunSpec } from "../spec.js";
import { stateWord } from "../state-words.js";
import type { TrainingNeed } from "./estimate-memory.js";
import type { RunningTraining } from "./running-training.js";

/** Who sees what happens in trainings. */
export interface Observers {
  readonly log: ServiceLog;
  /** Sees every event from now on. */
  readonly observe: (event: TrainingEvent) => void;
}

/** Why a training ended: one line, and the code of what failed. */
export interface Ending {
  readonly message: string;
  readonly code?: string;
}

/** A training whose files can be read: how it stands, and its history. */
export class KnownTraining {
  readonly id: string;
  readonly folder: string;
  readonly spec: RunSpec;
  readonly events: EventLog;
  request: TrainingRequest;
  /** Somebody has asked to resume it, and it is being looked at. */
  resuming = false;
  /** Memory that it is estimated to take; known once it was looked at. */
  need: TrainingNeed = { bytes: 0, keptBytes: 0 };
  running: RunningTraining | undefined;
  /** Resolves when it does not run any more. */
  ended: Promise<void> = Promise.resolve();
  readonly #observers: Observers;
  #state: TrainingState;
  /** Read when it is first asked for. */
  #standing: Standing | undefined;

  constructor(
    {
      id,
      folder,
      spec,
      events,
      request,
      state,
    }: Pick<KnownTraining, "id" | "folder" | "spec" | "events" | "request" | "state">,
    observers: Observers,
  ) {
    this.id = id;
    this.folder = folder;
    this.spec = spec;
    this.events = events;
    this.request = request;
    this.#state = state;
    this.#observers = observers;
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** Throws WRITE_FAILED where the event cannot be written down. */
  tell(event: TrainingEvent): void {
    this.events.append(event);
    this.#standing &&= standingAfter(this.#standing, event);
    this.#observers.observe(event);
  }

  /** Throws WRITE_FAILED where it cannot be written down. */
  enter(state: TrainingState, why?: Ending): void {
    this.#state = state;
    this.tell(entered(state, why));
  }

  /** Enters the state that it ends in. Where a full disk cannot take it, those who watch are told all the same. */
  end(state: TrainingState, why?: Ending): void {
    try {
      this.enter(state, why);
      this.events.end();
    } catch (error) {
      this.logFailure(error);
      this.events.end(entered(state, why));
    }
  }

  /** `end` of one that nothing went wrong with. */
  endWell(state: TrainingState, why?: Ending): void {
    this.#observers.log({ event: "training-ended", training: this.id, state: stateWord(state) });
    this.end(state, why);
  }

  logFailure(error: unknown): void {
    const facts = { training: this.id, code: codeOf(error), frames: framesOf(error) };
    this.#observers.log({ event: "training-failed", ...facts });
  }

  /** Takes up the history again where the training goes on. Throws INPUT_DAMAGED, WRITE_FAILED. */
  async rewindTo(...[point]: Parameters<EventLog["rewindTo"]>): Promise<void> {
    this.#standing = undefined;
    await this.events.rewindTo(point);
    this.#standing = undefined;
  }

  inShort(): Omit<Training, "damage"> {
    this.#standing ??= this.events.readStanding();
    const { id, state, request, spec } = this;
    return { id, state, data: request.data, dataset: spec.data.dataset, ...this.#standing };
  }
}

function entered(state: TrainingState, why?: Ending): TrainingEvent {
  return { kind: "state", state: { state, message: "", ...why } };
}
