import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Outcome, patchstream } from "../cli/command.js";
import { temporaryFolder } from "../trainer/processes.js";
import { oneServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_STEPS } from "./small-run.js";
import { startProxy } from "./tcp-proxy.js";

const client = process.env.PATCHSTREAM_GO_CLIENT;
const server = oneServer(test);
/** A step of the last stage, whose batches take two chunks. */
const LARGE = 2 * STAGE_STEPS;

/** Runs the Go client of examples/go-client. */
function goClient(program: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: 60_000 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode ?? "unknown", stdout, stderr });
    });
  });
}

/** A test with the Go client, which is there where `npm run test:go` has built it. */
function testWithClient(title: string, body: (t: ExecutionContext, program: string) => Promise<void>): void {
  test(title, async (t) => {
    if (client !== undefined) return body(t, client);
    t.log("SKIPPED: needs the Go client, which needs Go; `npm run test:go` builds and runs it");
    t.pass();
  });
}

async function smallRunFile(t: ExecutionContext): Promise<string> {
  const file = join(temporaryFolder(t), "run.json");
  await writeFile(file, JSON.stringify({ data: SMALL_RUN }));
  return file;
}

testWithClient(
  "a client in Go gets the batches that `patchstream get` gets, by call and on a lane",
  async (t, program) => {
    const { address } = await server();
    const run = await smallRunFile(t);
    for (const step of [0, LARGE]) {
      const got = await patchstream("get", "--data", address, "--run", run, "--step", String(step), "--json");
      t.is(got.code, 0, got.stderr);
      const { stage, checksum } = JSON.parse(got.stdout);
      for (const lane of [[], ["-lane"]]) {
        const { code, stdout, stderr } = await goClient(program, "-step", String(step), ...lane, address, run);
        t.is(code, 0, stderr);
        const [last = "", ...stages] = stdout.trim().split("\n").reverse();
        t.is(stages.length, SMALL_RUN.stages.length);
        t.true(last.startsWith(`step ${step}  stage ${stage}  image f32[`), last);
        t.true(last.includes("  cases hippocampus_") && last.endsWith(`  checksum ${checksum}`), last);
      }
    }
  },
);

testWithClient("a client in Go is told in the server's words why it gets no batch", async (t, program) => {
  const { address } = await server();
  const run = await smallRunFile(t);
  for (const lane of [[], ["-lane"]]) {
    const { code, stdout, stderr } = await goClient(program, "-step", String(RUN_STEPS), ...lane, address, run);
    t.is(code, 1);
    t.false(stdout.includes("checksum"));
    t.true(stderr.includes(String(RUN_STEPS)), stderr);
  }
});

testWithClient("a client in Go notices one flipped bit of a batch, by call and on a lane", async (t, program) => {
  const proxy = await startProxy(t, (await server()).address);
  const run = await smallRunFile(t);
  for (const lane of [[], ["-lane"]]) {
    proxy.damage(1);
    const { code, stdout, stderr } = await goClient(program, "-step", String(LARGE), ...lane, proxy.address, run);
    t.is(code, 1);
    t.false(stdout.includes("checksum"));
    t.regex(stderr, / the tensors have CRC-32 \d+, and the server says \d+\n$/);
  }
});
