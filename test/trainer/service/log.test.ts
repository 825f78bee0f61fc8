import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { callUnary } from "../../../rpc/index.js";
import { dial } from "../../conformance/served-store.js";
import { spawnCommand, watchHealth } from "../../service-process.js";
import { fileScope } from "../file-scope.js";
import {
  caseToLabel,
  collect,
  oneStageRun,
  type Process,
  predict,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  trainerUnderTest,
  watch,
} from "../processes.js";

interface Shared {
  readonly store: string;
  readonly cases: readonly string[];
  readonly data: Process;
}
const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a data server", async (t) => {
  const { store, cases } = await sampleStore(scope, 2);
  const data = await serving(scope, "serve", store, "--workers", "1", "--log-level", "silent");
  t.context = { store, cases, data };
});

const TOKEN = "geheim-7d11";

test("a trainer's log tells trainings, dead processes and refusals, and no secret and no case", async (t) => {
  const { store, cases, data } = t.context;
  const folder = temporaryFolder(t);
  const tokens = join(folder, "tokens");
  writeFileSync(tokens, `train ${TOKEN}\n`);
  const runs = join(folder, "Mustermann-runs");
  const flags = ["--runs", runs, "--threads", "1", "--token-file", tokens];
  const trainer = await spawnCommand(t, [...trainerUnderTest.command, ...flags, "--log-level", "debug"]);
  const { logged } = trainer;
  t.like(await logged("started"), { service: "TrainerService", tls: "none", token: true });
  const list = (token: string) =>
    callUnary(dial(t, trainer, { token }), "TrainerService", "listTrainings", {}, { timeoutMs: 30_000 });
  await t.throwsAsync(list(`wrong-${TOKEN}`));
  t.like(await logged("token-refused"), { level: "warn", method: "ListTrainings" });

  const channel = dial(t, trainer, { token: TOKEN });
  await t.throwsAsync(start(channel, data, oneStageRun(["Mustermann_Moni"])));
  t.truthy(await logged("call-refused", { method: "StartTraining", code: "SPEC_INVALID" }));

  const done = await start(channel, data, oneStageRun(cases));
  t.truthy(await logged("training-queued", { training: done }));
  await collect(watch(channel, done));
  t.truthy(await logged("training-started", { training: done }));
  t.like(await logged("training-ended", { training: done }), { level: "info", state: "done" });
  const unknown = caseToLabel({ training: done, case: "Mustermann_Moni" });
  await t.throwsAsync(predict(channel, [unknown]));
  t.truthy(await logged("call-refused", { method: "Predict", code: "NOT_FOUND" }));

  const killed = await start(channel, data, oneStageRun(cases, { data: { stepsPerEpoch: 10 } }));
  const { process: pid } = await logged("training-started", { training: killed });
  process.kill(Number(pid), "SIGKILL");
  t.like(await logged("process-died"), { level: "error", process: pid, how: "SIGKILL" });
  t.like(await logged("training-failed", { training: killed }), { level: "error", code: "PROCESS_DIED" });

  trainer.kill("SIGTERM");
  t.is(await trainer.ended, 0);
  for (const event of ["draining", "listener-closed", "stopped"]) t.truthy(await logged(event));
  const log = trainer.lines.join("\n");
  for (const secret of ["Mustermann", "Moni", ...cases, TOKEN, "geheim", "Bearer", runs, store])
    t.false(log.includes(secret), `${secret} is in\n${log}`);
});

test("SIGTERM: a trainer turns NOT_SERVING first and takes calls until the drain delay is over; a second signal ends it and its trainings", async (t) => {
  const { cases, data } = t.context;
  const flags = ["--runs", temporaryFolder(t), "--threads", "1", "--drain-delay", "600"];
  const trainer = await spawnCommand(t, [...trainerUnderTest.command, ...flags]);
  const health = watchHealth(dial(t, trainer));
  t.is((await health.next()).value, "SERVING");
  trainer.kill("SIGTERM");
  t.is((await health.next()).value, "NOT_SERVING");
  t.truthy(await trainer.logged("draining"));
  const channel = dial(t, trainer);
  const training = await start(channel, data, oneStageRun(cases, { data: { stepsPerEpoch: 10 } }));
  for await (const event of watch(channel, training)) if (event.kind === "step") break;
  trainer.kill("SIGTERM");
  t.is(await trainer.ended, "SIGTERM");
  t.false(trainer.lines.some((line) => line.includes("listener-closed")));
});

test("after its drain delay a trainer ends its training after the step in progress, and closes", async (t) => {
  const { cases, data } = t.context;
  const runs = temporaryFolder(t);
  const flags = ["--runs", runs, "--threads", "1", "--drain-delay", "0.1"];
  const trainer = await spawnCommand(t, [...trainerUnderTest.command, ...flags]);
  const channel = dial(t, trainer);
  const training = await start(channel, data, oneStageRun(cases, { data: { stepsPerEpoch: 100 } }));
  for await (const event of watch(channel, training)) if (event.kind === "step") break;
  trainer.kill("SIGTERM");
  t.is(await trainer.ended, 0);
  t.is((await trainer.logged("training-ended", { training })).state, "interrupted");
  t.true(readdirSync(join(runs, training)).includes("events.jsonl"));
  t.true(readFileSync(join(runs, training, "events.jsonl"), "utf8").includes("INTERRUPTED"));
});
