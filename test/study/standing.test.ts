import test from "ava";
import { doneRun, type StudyRunStanding, secondsLeft } from "../../study/standing/study-standing.js";
import { madeRun, pointOf } from "./made-runs.js";

const finished = (of: Parameters<typeof madeRun>[0], seconds: number): StudyRunStanding => ({
  ...doneRun("done", madeRun(of)),
  seconds,
});

const waiting = (of: Parameters<typeof pointOf>[0], taken = 0): StudyRunStanding => ({
  ...{ name: "open", point: pointOf(of), state: taken > 0 ? "running" : "waiting" },
  ...{ stepsTaken: taken, steps: taken > 0 ? 100 : 0 },
});

test("a run is expected to take as long as those that differ in fold alone, else as the network's, else as any", (t) => {
  const done = [
    finished({ fold: 0 }, 100),
    finished({ fold: 1 }, 200),
    finished({ method: "performance", length: 50 }, 40),
    finished({ network: "unetr" }, 1000),
  ];
  t.is(secondsLeft([...done, waiting({ fold: 2 })], 1), 150);
  t.is(secondsLeft([...done, waiting({ fold: 2 }, 75)], 1), 37.5);
  t.is(secondsLeft([...done, waiting({ method: "efficiency" })], 1), 150, "the same length");
  t.is(secondsLeft([...done, waiting({ network: "unetr", length: 25 })], 1), 1000);
  t.is(secondsLeft([...done, waiting({ network: "resenc-l" })], 1), (100 + 200 + 40 + 1000) / 4);
});

test("several at a time take less, a single one does not, and nothing is known before a run is finished", (t) => {
  const done = finished({ fold: 0 }, 100);
  const open = [1, 2, 3].map((fold) => waiting({ fold }));
  t.is(secondsLeft([done, ...open], 2), 150);
  t.is(secondsLeft([done, ...open], 8), 100);
  t.is(secondsLeft(open, 1), undefined);
  t.is(secondsLeft([done], 1), undefined);
  const diverged = doneRun("bad", madeRun({ fold: 4 }, { outcome: "diverged" }));
  t.is(secondsLeft([diverged, ...open], 1), undefined, "how long it would have taken is not known");
});
