import { EventEmitter, once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ToldEvent, TrainingEvent } from "./events.js";
import { appendJsonLines, parseJsonLine, prepareJsonLines, readLastJsonLine } from "./json-lines.js";
import { LineReader } from "./line-reader.js";
import { readStanding, type Standing } from "./standing.js";

export const EVENTS_FILE = "events.jsonl";

/** Takes a history, and tells it in short. */
export interface ShortHistory {
  add(event: TrainingEvent): void;
  events(): Iterable<ToldEvent>;
}

/** Where a training is taken up again: what its checkpoint holds. */
export interface ResumePoint {
  /** Steps taken. */
  readonly step: number;
  /** Epochs ended. */
  readonly epochs: number;
  /** Stage decisions made. */
  readonly decisions: number;
}

/** Tells, event by event from the first, whether it came after `point`. */
function comesAfter({ step, epochs, decisions }: ResumePoint): (event: TrainingEvent) => boolean {
  let decided = 0;
  return (event) => {
    switch (event.kind) {
      case "step":
        return event.step.step >= step;
      case "stage":
        return event.stage.fromStep >= step;
      case "epoch":
        return event.epoch.epoch >= epochs;
      case "decided":
        return ++decided > decisions;
      case "caseEvaluated":
      case "evaluated":
        return true;
      case "state":
      case "opened":
      case "checkpoint":
      case "warning":
        return false;
    }
  };
}

/**
 * Everything that happened in one training, in its folder: the history that a late watcher gets. Its one writer is the trainer.
 * Watchers read the file, so that a long training holds no more memory than a short one.
 */
export class EventLog {
  readonly #file: string;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #state: {
    readonly version: number;
    readonly ended: boolean;
    /** Told last, and not in the file. */
    readonly unwritten?: TrainingEvent | undefined;
  };

  /**
   * Opens the log in `folder`, made where there is none. It is `ended` while nothing writes to it: followers then stop at its
   * end. An event that was being written as the process ended is forgotten.
   */
  constructor(folder: string, { ended }: { ended: boolean }) {
    this.#file = join(folder, EVENTS_FILE);
    this.#state = { version: 0, ended };
    prepareJsonLines(this.#file);
  }

  /** The last event; undefined when there is none. Throws INPUT_DAMAGED. */
  readLast(): TrainingEvent | undefined {
    return readLastJsonLine<TrainingEvent>(this.#file);
  }

  /** How far the training has come, from the beginning and the end of the file. */
  readStanding(): Standing {
    return readStanding(this.#file);
  }

  append(event: TrainingEvent): void {
    appendJsonLines(this.#file, [event], { durable: false });
    this.#change(false);
  }

  /**
   * Takes up the history again at `point`: what came later is forgotten. For a log that has ended. Throws INPUT_DAMAGED for a line that
   * does not parse, WRITE_FAILED.
   */
  async rewindTo(point: ResumePoint): Promise<void> {
    await using file = await open(this.#file, "r+");
    const isLater = comesAfter(point);
    const lines = new LineReader(file);
    for (let read = await lines.next(); read !== undefined; read = await lines.next()) {
      const cut = read.find(({ text, number }) => isLater(this.#parse(text, number)));
      if (cut === undefined) continue;
      await file.truncate(cut.begin);
      await file.sync();
      return;
    }
  }

  /** No more events: followers stop at the end of the history, after `unwritten`, how it ended where that could not be written. */
  end(unwritten?: TrainingEvent): void {
    this.#change(true, unwritten);
  }

  #change(ended: boolean, unwritten?: TrainingEvent): void {
    this.#state = { version: this.#state.version + 1, ended, unwritten };
    this.#changes.emit("change");
  }

  #parse(text: string, number: number): TrainingEvent {
    return parseJsonLine<TrainingEvent>(text, this.#file, `line ${number}`);
  }

  /**
   * The history from its beginning, then events as they come, until the log ends. Throws an AbortError when `signal` aborts,
   * INPUT_DAMAGED for a line that does not parse.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<TrainingEvent> {
    for await (const events of this.#follow(signal)) if (events !== "caught up") yield* events;
  }

  /** The same, the history until now as `short` tells it. */
  async *followInShort(signal: AbortSignal, short: ShortHistory): AsyncGenerator<ToldEvent> {
    let isCaughtUp = false;
    for await (const events of this.#follow(signal)) {
      if (events === "caught up") {
        isCaughtUp = true;
        yield* short.events();
      } else if (isCaughtUp) yield* events;
      else for (const event of events) short.add(event);
    }
  }

  /** Events, a few at a time, and once where the history until now is at its end. */
  async *#follow(signal: AbortSignal): AsyncGenerator<readonly TrainingEvent[] | "caught up"> {
    await using file = await open(this.#file);
    const lines = new LineReader(file);
    let isCaughtUp = false;
    for (;;) {
      const { version, ended, unwritten } = this.#state;
      const read = await lines.next();
      if (read !== undefined) {
        signal.throwIfAborted();
        yield read.map(({ text, number }) => this.#parse(text, number));
        continue;
      }
      if (!isCaughtUp) yield "caught up";
      isCaughtUp = true;
      if (ended) {
        if (unwritten) yield [unwritten];
        return;
      }
      if (version === this.#state.version) await once(this.#changes, "change", { signal });
    }
  }
}
