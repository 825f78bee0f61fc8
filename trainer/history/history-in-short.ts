import type { StepRow } from "../../proto/messages.js";
import type { ToldEvent, TrainingEvent } from "../run-folder/events.js";
import { mergeRows, rowOf } from "./step-row.js";
import { Thinned } from "./thinned.js";

/** Twice the pixels of a wide picture. */
export const MOST_ROWS = 2048;
/** Of each kind of events but steps and epochs. */
const MOST_OF_A_KIND = 400;

/** An event, and before which step it happened. `number` orders those before the same step. */
interface Placed {
  readonly before: number;
  readonly number: number;
  readonly event: TrainingEvent;
}

/** A training's history until now, in memory that does not grow with its length: what `WatchTraining` tells where it is asked to tell it in short. */
export class HistoryInShort {
  readonly #rows = new Thinned<StepRow>(MOST_ROWS, mergeRows);
  readonly #epochs = new Thinned<Placed>(MOST_ROWS, (_earlier, later) => later);
  readonly #others = new Map<TrainingEvent["kind"], Placed[]>();
  #step = 0;
  #count = 0;
  #batchSize = 0;

  /** Takes the next event of the history. */
  add(event: TrainingEvent): void {
    if (event.kind === "step") {
      const { step } = event.step;
      this.#rows.add(step, rowOf(event.step, this.#batchSize));
      this.#step = step + 1;
      return;
    }
    if (event.kind === "stage") this.#batchSize = event.stage.batchSize;
    if (event.kind === "opened") this.#step = event.opened.firstStep;
    const placed = { before: this.#step, number: this.#count++, event };
    if (event.kind === "epoch") this.#epochs.add(event.epoch.epoch, placed);
    else this.#keep(placed);
  }

  /** What is told, in the order in which it happened. Within a row of steps all else comes before the steps. */
  *events(): Generator<ToldEvent> {
    const ended = this.#epochs.entries.filter((placed) => placed !== undefined);
    const newest = [...this.#others.values()].flatMap((kept) => kept.slice(-MOST_OF_A_KIND));
    const others = [...ended, ...newest].sort((a, b) => a.number - b.number);
    let next = 0;
    for (const steps of this.#rows.entries) {
      if (steps === undefined) continue;
      for (; (others[next]?.before ?? Number.POSITIVE_INFINITY) < steps.firstStep + steps.steps; next++)
        yield (others[next] as Placed).event;
      yield { kind: "steps", steps };
    }
    for (const { event } of others.slice(next)) yield event;
  }

  #keep(placed: Placed): void {
    const { kind } = placed.event;
    const kept = this.#others.get(kind) ?? [];
    this.#others.set(kind, kept);
    kept.push(placed);
    if (kept.length >= 2 * MOST_OF_A_KIND) kept.splice(0, MOST_OF_A_KIND);
  }
}
