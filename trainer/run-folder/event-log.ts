import { EventEmitter, once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TrainingEvent } from "./events.js";
import { appendJsonLines, readJsonLines, readLastJsonLine, replaceJsonLines } from "./json-lines.js";

const FILE = "events.jsonl";
const READ_BYTES = 1 << 16;

/** The step that an event belongs to: evaluation comes after all of them, what has no place among them before. */
function stepOf(event: TrainingEvent): number {
  switch (event.kind) {
    case "step":
      return event.step.step;
    case "stage":
      return event.stage.fromStep;
    case "caseEvaluated":
    case "evaluated":
      return Number.POSITIVE_INFINITY;
    case "state":
    case "opened":
    case "checkpoint":
    case "warning":
      return -1;
  }
}

/**
 * Everything that happened in one training, in its folder: the history that a late watcher gets. Watchers read the file, so
 * that a long training holds no more memory than a short one.
 */
export class EventLog {
  readonly #file: string;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #state: { readonly version: number; readonly ended: boolean };

  /** Opens the log in `folder`, made where there is none. It is `ended` while nothing writes to it: followers then stop at its end. */
  constructor(folder: string, { ended }: { ended: boolean }) {
    this.#file = join(folder, FILE);
    this.#state = { version: 0, ended };
    appendJsonLines(this.#file, [], { durable: false });
  }

  read(): TrainingEvent[] {
    return readJsonLines<TrainingEvent>(this.#file);
  }

  /** The last event; undefined when there is none, or when it was being written as the process ended. */
  readLast(): TrainingEvent | undefined {
    return readLastJsonLine<TrainingEvent>(this.#file);
  }

  append(event: TrainingEvent): void {
    appendJsonLines(this.#file, [event], { durable: false });
    this.#change(false);
  }

  /** Takes up the history again before `step`: what came of that step or later is forgotten. */
  rewindTo(step: number): void {
    const events = this.read();
    const end = events.findIndex((event) => stepOf(event) >= step);
    if (end >= 0) replaceJsonLines(this.#file, events.slice(0, end));
    this.#change(false);
  }

  /** No more events: followers stop at the end of the history. */
  end(): void {
    this.#change(true);
  }

  #change(ended: boolean): void {
    this.#state = { version: this.#state.version + 1, ended };
    this.#changes.emit("change");
  }

  /**
   * The history from its beginning, then events as they come, until the log ends. Throws an AbortError when `signal` aborts.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<TrainingEvent> {
    await using file = await open(this.#file);
    const buffer = Buffer.alloc(READ_BYTES);
    let unfinished = Buffer.alloc(0);
    let position = 0;
    for (;;) {
      const { version, ended } = this.#state;
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position);
      if (bytesRead === 0) {
        if (ended) return;
        if (version === this.#state.version) await once(this.#changes, "change", { signal });
        continue;
      }
      signal.throwIfAborted();
      position += bytesRead;
      const text = Buffer.concat([unfinished, buffer.subarray(0, bytesRead)]);
      const end = text.lastIndexOf("\n") + 1;
      unfinished = text.subarray(end);
      for (const line of text.subarray(0, end).toString().split("\n").slice(0, -1)) yield JSON.parse(line);
    }
  }
}
