import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { lockFolder } from "../../disk/process-lock.js";
import { PatchstreamError } from "../../plan/errors.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { testRounds } from "../rounds.js";

const STARTER = fileURLToPath(new URL("lock-starter.js", import.meta.url));
const OPTIONS = { name: ".lock", doing: "has it", hint: "Wait" };

async function starter(t: ExecutionContext, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = fork(STARTER, { env: { ...process.env, ...env } });
  t.teardown(() => child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

/** Tells a starter what to do; its answer. */
async function tell(child: ChildProcess, message: { readonly take?: string }): Promise<string> {
  const answer = once(child, "message");
  child.send(message);
  return (await answer)[0];
}

/** What an interrupted process can leave of a lock. */
const STALE: Record<string, string> = {
  "a process that is gone": JSON.stringify({ pid: 4_194_000, host: hostname(), startedAt: "before" }),
  "a process whose id is another's now": JSON.stringify({ pid: process.pid, host: hostname(), startedAt: "before" }),
  "an empty file": "",
  "half a file": '{"pid": 41',
  "a lock that was given back": "null",
};

for (const [what, content] of Object.entries(STALE)) {
  test(`${what}: of two starters at once exactly one gets the lock`, async (t) => {
    const folder = join(temporaryFolder(t), "locked");
    const starters = [await starter(t), await starter(t)];
    for (let round = 0; round < testRounds(20); round++) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, ".lock.1"), content);
      const answers = await Promise.all(starters.map((child) => tell(child, { take: folder })));
      t.deepEqual(answers.sort(), ["UNAVAILABLE", "held"], `round ${round}`);
      for (const child of starters) await tell(child, {});
      t.is(readdirSync(folder).filter((name) => name.startsWith(".lock")).length, 1, "nothing else is left");
    }
  });
}

test("a lock is refused by name while its process lives, and free again once it is given back or killed", async (t) => {
  const folder = temporaryFolder(t);
  const other = await starter(t);
  t.is(await tell(other, { take: folder }), "held");
  const error = t.throws(() => lockFolder(folder, OPTIONS), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "UNAVAILABLE", address: folder });
  t.regex(error?.message ?? "", new RegExp(`process ${other.pid} on .* has it. Wait, or delete .*/.lock.1 if`));
  await tell(other, {});
  lockFolder(folder, OPTIONS)[Symbol.dispose]();

  t.is(await tell(other, { take: folder }), "held");
  other.kill("SIGKILL");
  await once(other, "exit");
  lockFolder(folder, OPTIONS)[Symbol.dispose]();
});

test("a lock of another machine is never taken: nobody here can know whether its process lives", (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, ".lock.7"), JSON.stringify({ pid: 1, host: "elsewhere", startedAt: "before" }));
  t.throws(() => lockFolder(folder, OPTIONS), { message: /process 1 on elsewhere has it/ });
});

test("a job of Slurm that is started again on another node takes the lock of its first start, and no other job's", async (t) => {
  const folder = temporaryFolder(t);
  const held = (job: object) => {
    const holder = { pid: process.pid, host: "elsewhere", startedAt: "before", job };
    writeFileSync(join(folder, ".lock.1"), JSON.stringify(holder));
  };
  const start = (id: string, restarts?: string) =>
    starter(t, { SLURM_JOB_ID: id, ...(restarts !== undefined && { SLURM_RESTART_COUNT: restarts }) });
  held({ id: "12", restarts: 0 });
  t.is(await tell(await start("13", "1"), { take: folder }), "UNAVAILABLE", "another job");
  t.is(await tell(await start("12"), { take: folder }), "UNAVAILABLE", "another process of the same start");
  const again = await start("12", "1");
  t.is(await tell(again, { take: folder }), "held");
  t.is(await tell(await start("12", "1"), { take: folder }), "UNAVAILABLE", "it lives");
  again.kill("SIGKILL");
  await once(again, "exit");
  rmSync(join(folder, ".lock.2"));
  held({ id: "12", restarts: 1 });
  t.is(await tell(await start("12"), { take: folder }), "UNAVAILABLE", "an earlier start does not take a later one's");
});

test("a process that has ended but was not waited for does not hold its lock", async (t) => {
  const folder = temporaryFolder(t);
  // The shell becomes `sleep`, which never asks how its child ended.
  const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  writeFileSync(join(folder, ".lock.1"), JSON.stringify({ pid, host: hostname(), startedAt: "before" }));
  t.notThrows(() => lockFolder(folder, OPTIONS)[Symbol.dispose]());
});
