import test from "ava";
import fc from "fast-check";
import type { StepRow } from "../../../proto/messages.js";
import { type WatchedInShort, watchedEvent } from "../../../trainer/client/events.js";
import { HistoryInShort } from "../../../trainer/history/history-in-short.js";
import { TrainingHistory } from "../../../trainer/index.js";
import type { ToldEvent, TrainingEvent } from "../../../trainer/run-folder/events.js";
import { longTraining, STAGES } from "./events-of-a-long-training.js";

function inShort(events: Iterable<TrainingEvent>): ToldEvent[] {
  const short = new HistoryInShort();
  for (const event of events) short.add(event);
  return [...short.events()];
}

function told(events: Iterable<ToldEvent>, mostRows?: number): TrainingHistory {
  const history = new TrainingHistory(mostRows);
  const watched = (event: ToldEvent): WatchedInShort => (event.kind === "steps" ? event : watchedEvent(event));
  for (const event of events) history.add(watched(event));
  return history;
}

/** As text, which compares faster. Sums in another order differ in their last digits. */
const rounded = (rows: readonly (StepRow | undefined)[]) =>
  JSON.stringify(rows.map((row) => row && { ...row, lossSum: row.lossSum.toPrecision(9) }));

const text = (history: TrainingHistory) => JSON.stringify(history.whole);

test("a training that is not long is seen as if each step had been told", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: STAGES, max: 600 }), fc.integer({ min: 1, max: 50 }), (steps, stepsPerEpoch) => {
      const events = [...longTraining(steps, stepsPerEpoch)];
      t.is(text(told(inShort(events))), text(told(events)));
    }),
    { numRuns: 10 },
  );
});

test("a long training is a few thousand events, and is seen as if each step had been told", (t) => {
  const events = [...longTraining(15_000, 25)];
  const short = inShort(events);
  t.true(short.length < 3_000, `${short.length} events`);
  const [seen, all] = [told(short).whole, told(events).whole];
  t.is(rounded(seen.steps), rounded(all.steps));
  t.is(JSON.stringify(seen.epochs), JSON.stringify(all.epochs));
  t.deepEqual(seen.standing.spans, all.standing.spans);
  t.deepEqual(seen.standing.noted, all.standing.noted);
  t.like(seen.standing, { state: "stopped", figures: { stepsTaken: 15_000, stage: 14, epoch: 599 } });
  t.is(seen.standing.figures.loss, all.standing.figures.loss);
  t.is(seen.standing.figures.pseudoDice, all.standing.figures.pseudoDice);
  t.is(rounded(told(short, 100).whole.steps), rounded(told(events, 100).whole.steps));
});

test("stages in random order, one a step, are the newest 400", (t) => {
  const events = [...longTraining(10_000, 250)].flatMap((event): TrainingEvent[] => {
    if (event.kind === "stage") return [];
    if (event.kind !== "step") return [event];
    const { step } = event.step;
    const stage = {
      ...{ stage: (step * 7) % STAGES, fromStep: step, reason: "scheduled" },
      ...{ patchSize: [8, 8, 8], batchSize: 2 + (step % 3) },
    };
    return [{ kind: "stage", stage }, event];
  });
  const short = inShort(events);
  t.is(short.filter(({ kind }) => kind === "stage").length, 400);
  t.true(short.length < 3_000);
  const [seen, all] = [told(short).whole, told(events).whole];
  t.deepEqual(seen.standing.spans, all.standing.spans);
  t.is(rounded(seen.steps), rounded(all.steps));
});

test("one that was taken up again is told with both of its beginnings, in order", (t) => {
  const events = [...longTraining(100, 10)].slice(0, -1);
  const opened = events.find((event) => event.kind === "opened");
  if (opened?.kind !== "opened") return t.fail();
  const before = events.filter((event) => event.kind !== "step" || event.step.step < 40);
  const cut = before.filter((event) => event.kind !== "epoch" || event.epoch.epoch < 4);
  const again: TrainingEvent = { kind: "opened", opened: { ...opened.opened, firstStep: 40 } };
  const after = events.filter((event) => event.kind === "step" && event.step.step >= 40);
  const whole = [...cut.filter((event) => event.kind !== "stage" || event.stage.fromStep < 40), again, ...after];
  t.is(text(told(inShort(whole))), text(told(whole)));
});
