import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { EventLog } from "../../../trainer/run-folder/event-log.js";
import type { TrainingEvent } from "../../../trainer/run-folder/events.js";

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "patchstream-events-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

const warning = (text: string): TrainingEvent => ({ kind: "warning", warning: { code: "w", text } });
const stage = (fromStep: number): TrainingEvent => ({
  kind: "stage",
  stage: { stage: 1, fromStep, reason: "scheduled", patchSize: [8, 8, 8], batchSize: 1 },
});
const checkpoint = (step: number): TrainingEvent => ({
  kind: "checkpoint",
  checkpoint: { step, bytes: 1, kind: "CHECKPOINT_KIND_LATEST" },
});

async function all(events: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const list: TrainingEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

test("a follower gets the history, then each event as it comes, and ends with the log", async (t) => {
  const log = new EventLog(folder(t), { ended: false });
  log.append(warning("früh"));
  const followed = log.follow(new AbortController().signal);
  t.deepEqual((await followed.next()).value, warning("früh"));
  const second = followed.next();
  log.append(warning("during"));
  t.deepEqual((await second).value, warning("during"));
  const end = followed.next();
  log.end();
  t.true((await end).done);
});

test("a history longer than one read arrives whole and in order", async (t) => {
  const log = new EventLog(folder(t), { ended: false });
  const events = Array.from({ length: 3000 }, (_, i) => warning(`${i} ${"ü".repeat(i % 50)}`));
  for (const event of events) log.append(event);
  log.end();
  t.deepEqual(await all(log.follow(new AbortController().signal)), events);
});

test("an end that could not be written is told to those who follow, and forgotten when the history goes on", async (t) => {
  const log = new EventLog(folder(t), { ended: false });
  log.append(warning("a"));
  const followed = all(log.follow(new AbortController().signal));
  log.end(warning("unwritten"));
  for (const told of [await followed, await all(log.follow(new AbortController().signal))])
    t.deepEqual(told, [warning("a"), warning("unwritten")]);
  t.deepEqual(log.readLast(), warning("a"));
  log.append(warning("b"));
  log.end();
  t.deepEqual(await all(log.follow(new AbortController().signal)), [warning("a"), warning("b")]);
});

test("a follower that leaves while waiting stops nothing", async (t) => {
  const log = new EventLog(folder(t), { ended: false });
  log.append(warning("a"));
  const left = new AbortController();
  const followed = log.follow(left.signal);
  await followed.next();
  const waiting = followed.next();
  left.abort();
  await t.throwsAsync(waiting, { name: "AbortError" });
  log.append(warning("b"));
  log.end();
  t.deepEqual(await all(log.follow(new AbortController().signal)), [warning("a"), warning("b")]);
});

const epoch = (number: number, stepsTaken: number): TrainingEvent => ({
  kind: "epoch",
  epoch: {
    epoch: number,
    stepsTaken,
    loss: 1,
    pseudoDice: [],
    best: false,
    learningRate: 0.1,
    samples: 2,
    trainSeconds: 1,
    waitedSeconds: 0,
    validationSeconds: 0,
    secondsLeft: 0,
  },
});
const decided = (fromStep: number): TrainingEvent => ({
  kind: "decided",
  decided: { stage: 1, fromStep, reason: "manual", text: "by hand", hold: true },
});

test("a training taken up again at a step forgets what came of that step and after", async (t) => {
  const log = new EventLog(folder(t), { ended: true });
  for (const event of [stage(0), checkpoint(5), stage(5), warning("later")]) log.append(event);
  log.end();
  await log.rewindTo({ step: 5, epochs: 0, decisions: 0 });
  t.deepEqual(await all(log.follow(new AbortController().signal)), [stage(0), checkpoint(5)]);
});

test("a decision for a step far ahead stays where its checkpoint knows it, and so does an epoch that has ended", async (t) => {
  const history = [decided(0), stage(0), decided(90), epoch(0, 5), decided(5), checkpoint(5), stage(5), epoch(1, 10)];
  const kept = async (point: { step: number; epochs: number; decisions: number }) => {
    const log = new EventLog(folder(t), { ended: true });
    for (const event of history) log.append(event);
    log.end();
    await log.rewindTo(point);
    return (await all(log.follow(new AbortController().signal))).length;
  };
  t.is(await kept({ step: 5, epochs: 1, decisions: 3 }), 6);
  t.is(await kept({ step: 5, epochs: 0, decisions: 2 }), 3, "stopped while it validated: the epoch has not ended");
  t.is(await kept({ step: 5, epochs: 1, decisions: 2 }), 4);
  t.is(await kept({ step: 0, epochs: 0, decisions: 0 }), 0);
});
