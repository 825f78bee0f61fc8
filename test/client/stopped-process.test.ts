import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";
import test from "ava";
import { spawnServer } from "../conformance/server-process.js";
import { SMALL_RUN } from "../conformance/small-run.js";

const CLIENT = new URL("../../client/index.js", import.meta.url).href;

/** Reads a batch, says so, and reads the rest when it is told to. */
const PROGRAM = `
import { connect } from ${JSON.stringify(CLIENT)};
const client = await connect(process.argv[1], { deadlineMs: 5_000 });
const run = await client.openRun(${JSON.stringify(SMALL_RUN)}, { creditBatches: 1 });
const batches = run.batches({ from: 0 });
await batches.next();
console.log("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
let count = 1;
const rest = (async () => { for await (const _ of batches) count++; })();
setImmediate(() => console.log("waits"));
await rest.then(() => console.log("all " + count), (error) => console.log(error.message));
process.exit();
`;
const STOPPED_MS = 7_000;

test("time in which the process was stopped does not count against a deadline", async (t) => {
  t.timeout(120_000);
  const server = await spawnServer(t);
  const program = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, server.address], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.teardown(() => program.kill("SIGKILL"));
  const lines = createInterface(program.stdout);
  const line = async () => (await once(lines, "line"))[0] as string;
  t.is(await line(), "ready");
  server.process.kill("SIGSTOP"); // so that the program waits for a batch
  program.stdin.write("go\n");
  t.is(await line(), "waits");
  await after(500); // until its other thread waits, too; without this the test may pass where it should not
  program.kill("SIGSTOP");
  await after(STOPPED_MS);
  program.kill("SIGCONT");
  server.process.kill("SIGCONT");
  t.regex(await line(), /^all \d+$/);
});
