import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import test from "ava";

const lifeline = new URL("../../../trainer/process/lifeline.js", import.meta.url).href;

/** Starts the lifeline, says so, and then does nothing else for an hour, as a step that takes long does. */
const blocked = `
  import { Worker } from "node:worker_threads";
  const line = new Worker(new URL(${JSON.stringify(lifeline)}), { execArgv: [] });
  line.once("online", () => setTimeout(() => {
    process.stdout.write(process.pid + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_600_000);
  }, 0));`;

/** Starts \`blocked\` with a pipe that is held and never written to. */
const parent = `
  import { spawn } from "node:child_process";
  spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(blocked)}], { stdio: ["pipe", "inherit", "inherit"] });`;

test("a process whose main thread does not listen ends when its parent is killed", async (t) => {
  const trainer = spawn(process.execPath, ["--input-type=module", "-e", parent], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(trainer.stdout), "line");
  const blockedPid = Number(line);
  let isGone = false;
  // Both write to one pipe, which closes when the last of them is gone.
  const gone = once(trainer, "close").then(() => {
    isGone = true;
    return "gone";
  });
  t.teardown(() => isGone || process.kill(blockedPid, "SIGKILL"));
  trainer.kill("SIGKILL");
  const waiting = new AbortController();
  const late = setTimeout(20_000, "still there", { signal: waiting.signal }).catch(() => "");
  t.is(await Promise.race([gone, late]), "gone");
  waiting.abort();
});
