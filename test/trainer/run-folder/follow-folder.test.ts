import { appendFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { EVENTS_FILE, EventLog } from "../../../trainer/run-folder/event-log.js";
import type { TrainingEvent } from "../../../trainer/run-folder/events.js";
import { type Followed, followFolder } from "../../../trainer/run-folder/follow-folder.js";
import { temporaryFolder } from "../../dataset/temporary-folder.js";

function followed(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const read: AsyncGenerator<Followed, unknown> = followFolder(folder, {
    everyMs: 1,
    signal: new AbortController().signal,
  });
  t.teardown(() => read.return(undefined));
  /** What is told until `last` is. */
  const until = async (last: Followed) => {
    const told: Followed[] = [];
    for (;;) {
      const { value } = await read.next();
      if (value !== "caught up" || last === "caught up") told.push(value as Followed);
      if (JSON.stringify(value) === JSON.stringify(last)) return told;
    }
  };
  return { folder, file: join(folder, EVENTS_FILE), until };
}

const warning = (text: string) => ({ kind: "warning", warning: { code: "w", text } }) as const;
const stage = (fromStep: number) =>
  ({
    kind: "stage",
    stage: { stage: 1, fromStep, reason: "scheduled", patchSize: [8, 8, 8], batchSize: 1 },
  }) as const satisfies TrainingEvent;

test("a training in another process is followed from before its first event, through an event that is half written", async (t) => {
  const { folder, file, until } = followed(t);
  t.deepEqual(await until("caught up"), ["caught up"]);
  const log = new EventLog(folder, { ended: false });
  log.append(warning("a"));
  t.deepEqual(await until([warning("a")]), [[warning("a")]]);
  const line = `${JSON.stringify(warning("bc"))}\n`;
  appendFileSync(file, line.slice(0, 9));
  await until([]);
  appendFileSync(file, line.slice(9));
  t.deepEqual((await until([warning("bc")])).at(-1), [warning("bc")]);
});

test("one that is taken up again at an earlier step is told anew, also when it has grown past its old length meanwhile", async (t) => {
  const { folder, until } = followed(t);
  const log = new EventLog(folder, { ended: true });
  for (const event of [stage(0), stage(4), stage(8)]) log.append(event);
  await until([stage(0), stage(4), stage(8)]);
  await log.rewindTo({ step: 4, epochs: 9, decisions: 9 });
  const longer = ["other", "longer ".repeat(100)].map(warning);
  for (const event of longer) log.append(event);
  const anew = [stage(0), ...longer];
  t.deepEqual(await until(anew), ["begins anew", anew]);
});

test("an event that was half written when its trainer was killed does not hide those that come after it", async (t) => {
  const { folder, file, until } = followed(t);
  const log = new EventLog(folder, { ended: false });
  log.append(warning("a"));
  await until([warning("a")]);
  appendFileSync(file, '{"kind":"ste');
  await until([]);
  truncateSync(file, `${JSON.stringify(warning("a"))}\n`.length);
  log.append(warning("b"));
  t.deepEqual((await until([warning("a"), warning("b")])).at(0), "begins anew");
});
