import test from "ava";
import { broken, type Record } from "./check.js";
import { gapsOf } from "./gaps.js";
import type { Said } from "./reader.js";
import { drawSchedule, type Schedule } from "./schedule.js";
import { RUN_STEPS, scheduledStage } from "./small-run.js";

const BOTH = ["namespaces", "relay"] as const;

test("a seed means one schedule, and many seeds mean every fault", (t) => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const schedule = drawSchedule(seed, BOTH);
    t.deepEqual(drawSchedule(seed, BOTH), schedule);
    for (const { fault } of schedule.strikes) kinds.add(`${schedule.wire} ${fault.kind}`);
  }
  t.is(kinds.size, 21, [...kinds].sort().join(", "));
});

test("where there are no namespaces a schedule asks for nothing that a relay cannot do", (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const { wire, strikes } = drawSchedule(seed, ["relay"]);
    t.is(wire, "relay");
    for (const { fault } of strikes) t.false(["loss", "half-open", "drained", "full disk"].includes(fault.kind));
  }
});

const schedule: Schedule = { ...drawSchedule(1, BOTH), ending: "served", deadlineMs: 1_000 };
const sha256 = async (step: number, stage: number) => `${step} ${stage}`;

function batch(step: number): Said {
  const stage = scheduledStage(step);
  return { said: "batch", step, stage, sha256: `${step} ${stage}`, askedMs: 100 * step, gotMs: 100 * step + 10 };
}

const perfect: Record = {
  said: [...Array.from({ length: RUN_STEPS }, (_, step) => batch(step)), { said: "ended", peakMiB: 100 }],
  clientEnd: "0",
  clientErrors: "",
  serverPeaksMiB: [100, 100],
  unexpectedEnds: [],
  logLines: ['{"level":"info","event":"started"}'],
  mayTearLog: false,
  leftFiles: [],
  leftProcesses: [],
};

const without = (step: number) => perfect.said.filter((line) => line.said !== "batch" || line.step !== step);
const withBatch = (step: number, change: object) =>
  perfect.said.map((line) => (line.said === "batch" && line.step === step ? { ...line, ...change } : line));
const failed = (message: string, atMs: number): Said => ({
  said: "failed",
  code: "DEADLINE",
  message,
  askedMs: 0,
  atMs,
});

test("a run as it must be breaks nothing", async (t) => {
  t.deepEqual(await broken(schedule, perfect, sha256), []);
});

/** What is left of a schedule in which something is wrong, and how it is told. */
const WRONG: readonly (readonly [what: string, record: Partial<Record>, told: RegExp])[] = [
  [
    "a step with other bytes",
    { said: withBatch(7, { sha256: "other" }) },
    /^G1, G6: step 7 of stage 0 has other bytes/,
  ],
  ["a step that is lost", { said: without(7) }, /^G2: step 8 came where step 7 was next/],
  ["a step that comes twice", { said: [batch(0), ...perfect.said] }, /^G2: step 0 came where step 1 was next/],
  ["a run that ends early", { said: perfect.said.slice(0, 9) }, /^G2: the client ended after 9 of/],
  [
    "a step of another stage",
    { said: withBatch(7, { stage: 1 }) },
    /^G3: step 7 has stage 1, and was decided to have 0/,
  ],
  [
    "a client that grows",
    { said: [...perfect.said.slice(0, -1), { said: "ended", peakMiB: 4_000 }] },
    /^G4: the client/,
  ],
  ["a server that grows", { serverPeaksMiB: [100, 4_000] }, /^G4: a server took 4000 MiB/],
  ["a client that hangs", { clientEnd: "nothing" }, /^G5: the client hung/],
  ["a client that crashes", { clientEnd: "1" }, /^G5: the client ended with 1/],
  ["a failure though a server is there", { said: [failed("no server", 1)] }, /^G5: the client failed at step 0/],
  ["a log line of something else", { logLines: ["Error: boom"] }, /^message: Error: boom/],
  ["a warning on the client's standard error", { clientErrors: "(node:1) Warning" }, /^message: \(node:1\) Warning/],
  ["a server that ends by itself", { unexpectedEnds: ["the server ended"] }, /^end: the server ended/],
  ["a file that is left", { leftFiles: ["x.tmp"] }, /^left behind: x.tmp/],
  ["a process that is left", { leftProcesses: ["7 node"] }, /^left behind: 7 node/],
];

for (const [what, record, told] of WRONG)
  test(`${what} is told`, async (t) => {
    const [line = "nothing", ...more] = await broken(schedule, { ...perfect, ...record }, sha256);
    t.regex(line, told);
    t.deepEqual(more, []);
  });

test("a client without servers must name them in one line, by its deadline", async (t) => {
  const lost: Schedule = { ...schedule, ending: "all killed" };
  const told = (line: Said) => broken(lost, { ...perfect, said: [line] }, sha256);
  t.deepEqual(await told(failed("nothing came of step 3 of 10.77.0.2:7070 within 1 s", 2_000)), []);
  t.regex((await told(failed("something went wrong", 2_000))).join(), /^G5: this is no clear message/);
  t.regex((await told(failed("step 3 of 10.77.0.2:7070", 9_000))).join(), /^G5: the client took 9000 ms to fail/);
});

test("a gap is the longest wait from a fault to the next, and from its mending where no replica was well", (t) => {
  const at = (askedMs: number, gotMs: number): Said => ({
    said: "batch",
    step: 0,
    stage: 0,
    sha256: "",
    askedMs,
    gotMs,
  });
  const said = [at(0, 90), at(100, 450), at(500, 510), at(600, 2_000), at(2_100, 2_110)];
  const fault = { kind: "killed", someoneWell: true } as const;
  const struck = [
    { ...fault, struckMs: 150, mendedMs: 300 },
    { ...fault, struckMs: 700, mendedMs: 1_500, someoneWell: false },
  ];
  t.deepEqual(
    gapsOf(said, struck).map(({ ms }) => ms),
    [300, 500],
  );
});
