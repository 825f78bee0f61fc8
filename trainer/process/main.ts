import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { openTracing } from "../../rpc/tracing/open-tracing.js";
import { openChosenEngine } from "../engines/module.js";
import type { FromProcess, JobName, Jobs, Parent, ToProcess } from "./messages.js";
import { predictJob } from "./predict-job.js";
import { sentFailure } from "./sent-failure.js";
import { trainJob } from "./train-job.js";

/*
 * A process of the trainer: does one job, tells its parent, and ends. It ends by its parent's word or with it, not by the signals
 * that a terminal or a service manager sends to all of a group.
 */
new Worker(new URL("./lifeline.js", import.meta.url), { execArgv: [] }).unref();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
preferToBeKilled();

const jobs: {
  readonly [Name in JobName]: (job: Jobs[Name]["job"], parent: Parent) => Promise<Jobs[Name]["result"]>;
} = {
  openEngine: async ({ engine }, { notice }) => ({ engine: (await openChosenEngine(engine, notice)).name }),
  train: trainJob,
  predict: predictJob,
};

const tell = (message: FromProcess): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));

type Listener = (message: ToProcess) => void;
const listeners = new Map<ToProcess["kind"], Listener>();
let early: ToProcess[] = [];

const parent: Parent = {
  tell,
  notice: (line) => void tell({ kind: "notice", line }),
  on(kind, listener) {
    listeners.set(kind, listener as Listener);
    const waiting = early.filter((message) => message.kind === kind);
    early = early.filter((message) => message.kind !== kind);
    for (const message of waiting) (listener as Listener)(message);
  },
};

async function run<Name extends JobName>(name: Name, job: Jobs[Name]["job"]): Promise<void> {
  const last = await jobs[name](job, parent).then(
    (result): FromProcess => ({ kind: "result", result }),
    (error: unknown): FromProcess => ({ kind: "failed", failure: sentFailure(error) }),
  );
  await tell(last);
  await (await openTracing())?.flush().catch(() => undefined); // its SDK logs what it cannot send
  process.exit();
}

process.on("message", (message: ToProcess) => {
  const listener = listeners.get(message.kind);
  if (message.kind === "job") void run(message.name, message.job);
  else if (listener === undefined) early.push(message);
  else listener(message);
});

/** Where memory runs out on Linux, the kernel is to end this process and not the trainer that others depend on. */
function preferToBeKilled(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "500");
  } catch {
    // Not Linux, or not allowed: then it is as likely as any other.
  }
}
