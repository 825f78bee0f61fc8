import test from "ava";
import { watchedEvent } from "../../../trainer/client/events.js";
import type { HistoryChange } from "../../../trainer/history/training-history.js";
import { TrainingHistory } from "../../../trainer/index.js";
import type { TrainingEvent } from "../../../trainer/run-folder/events.js";
import { longTraining, lossAt, STAGES } from "./events-of-a-long-training.js";

function told(events: Iterable<TrainingEvent>): TrainingHistory {
  const history = new TrainingHistory();
  for (const event of events) history.add(watchedEvent(event));
  return history;
}

const changeOf = (history: TrainingHistory) => history.take() as HistoryChange;

test("125,000 steps are told in a few thousand numbers, and none of them hides the jump of one step", (t) => {
  const { standing, steps, epochs } = changeOf(told(longTraining(125_000, 250)));
  t.is(standing.state, "stopped");
  t.is(standing.figures.stepsTaken, 125_000);
  t.deepEqual(
    standing.spans.map(({ stage }) => stage),
    [...Array(STAGES).keys()],
  );
  t.is(steps?.width, 64);
  t.is(steps?.entries.length, Math.ceil(125_000 / 64));
  t.is(
    steps?.entries.reduce((sum, row) => sum + (row?.steps ?? 0), 0),
    125_000,
  );
  const jump = steps?.entries[Math.floor(123_456 / 64)];
  t.is(jump?.lossMax, 9.5);
  const first = 64 * Math.floor(123_456 / 64);
  t.is(jump?.lossMin, Math.min(...Array.from({ length: 64 }, (_, index) => lossAt(first + index))));
  t.is(epochs?.entries.length, 500);
  t.true(JSON.stringify({ standing, steps, epochs }).length < 1_000_000);
});

test("a training that is taken up again replaces what it takes again", (t) => {
  const events = [...longTraining(100, 10)];
  const history = told(events);
  changeOf(history);
  const again = { ...(events[2] as { kind: "opened"; opened: object }) };
  const opened = { kind: "opened", opened: { ...again.opened, firstStep: 40 } } as TrainingEvent;
  history.add(watchedEvent(opened));
  const cut = changeOf(history);
  t.like(cut.steps, { width: 1, from: 40, entries: [] });
  t.like(cut.epochs, { from: 4, entries: [] });
  t.true(cut.standing.spans.every(({ fromStep }) => fromStep < 40));
  for (const event of events)
    if (event.kind === "step" && event.step.step === 40)
      history.add(watchedEvent({ ...event, step: { ...event.step, loss: 7 } }));
  t.is(changeOf(history).steps?.entries[0]?.lossMax, 7);
});

test("decisions, warnings and how it failed are noted with their step", (t) => {
  const [, , opened, stage, step] = [...longTraining(10, 100)] as TrainingEvent[];
  const history = told([
    opened as TrainingEvent,
    stage as TrainingEvent,
    step as TrainingEvent,
    {
      kind: "decided",
      decided: { stage: 3, fromStep: 5, reason: "adaptive", text: "the pseudo Dice has stopped rising", hold: true },
    },
    { kind: "warning", warning: { code: "w", text: "labels tell left from right" } },
    { kind: "state", state: { state: "TRAINING_STATE_FAILED", message: "the loss is NaN", code: "LOSS_NOT_FINITE" } },
  ]);
  const { standing } = changeOf(history);
  t.like(standing, { state: "failed", message: "the loss is NaN" });
  t.deepEqual(standing.noted.slice(1), [
    { kind: "decided", step: 5, text: "stage 3 (adaptive): the pseudo Dice has stopped rising" },
    { kind: "warning", step: 1, text: "labels tell left from right" },
    { kind: "fault", step: 1, text: "failed: the loss is NaN" },
  ]);
  t.is(history.take(), undefined);
});
