import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import type { PatchstreamError } from "../../../plan/errors.js";
import { oneServer } from "../served-store.js";
import { SMALL_RUN } from "../small-run.js";
import { ForeignClient, ForeignCommand, failureOf } from "./foreign-client.js";
import { collect, type HeldClient } from "./held-client.js";
import { ownClient } from "./own-client.js";

const server = oneServer(test);
const OPTIONS = { deadlineMs: 60_000, carrier: "auto" } as const;
const CASE = "hippocampus_003";
const DRIVER = fileURLToPath(new URL("./own-driver.js", import.meta.url));

/** Our client in this process, and the same one as a command. */
async function both(t: ExecutionContext): Promise<{ own: HeldClient; foreign: HeldClient }> {
  const addresses = [(await server()).address];
  const command = new ForeignCommand(`${process.execPath} ${DRIVER}`);
  t.teardown(() => command.end());
  const [own, foreign] = [ownClient(addresses, OPTIONS), new ForeignClient(command, addresses, OPTIONS)];
  t.teardown(() => own[Symbol.asyncDispose]());
  return { own, foreign };
}

test("a client that is asked in lines answers every call as the same client in the process", async (t) => {
  const { own, foreign } = await both(t);
  const calls: ((client: HeldClient) => Promise<unknown>)[] = [
    (client) => client.describeDataset(),
    (client) => client.describeRun(SMALL_RUN),
    (client) => client.getBatch({ ...SMALL_RUN, deepSupervision: true }, { step: 3, stage: 1, rank: 1, ranks: 2 }),
    (client) => client.getBatch(SMALL_RUN, { step: 1, timeline: "val" }),
    (client) => client.readImage(CASE),
    (client) => client.readLabel(CASE),
    (client) => client.readLocations(CASE, 1),
    (client) => client.preview(SMALL_RUN, { step: 2 }),
  ];
  const answers = calls.map(async (call) => t.deepEqual(await call(foreign), await call(own)));
  await Promise.all(answers);
});

test("a run that is asked for in lines is steered, stopped and ended as one in the process", async (t) => {
  const { own, foreign } = await both(t);
  const steered = async (client: HeldClient) => {
    const run = await client.openRun(SMALL_RUN, { from: 4, to: 9, creditBatches: 2 });
    const seen: unknown[] = [];
    for await (const { step, stage } of run.batches()) {
      seen.push([step, stage]);
      if (step === 5) seen.push(await run.changeStage({ stage: 2, reason: "test", fromStep: 7 }));
      t.true((await run.firstUnwanted()) > step);
    }
    return seen;
  };
  t.deepEqual(await steered(foreign), await steered(own));
  const last = async (client: HeldClient) => collect((await client.openRun(SMALL_RUN, { from: 22 })).batches());
  t.is((await last(foreign)).length, 2);
  t.deepEqual(await last(foreign), await last(own));
});

test("a failure comes with its facts and hint; a message that says something else is a fault", async (t) => {
  const { own, foreign } = await both(t);
  const refused = async (client: HeldClient) => {
    const error = await t.throwsAsync<PatchstreamError>(client.describeRun({ ...SMALL_RUN, dataset: "Task01" }));
    return [error?.facts, error?.hint, error?.message];
  };
  t.deepEqual(await refused(foreign), await refused(own));
  const facts = { code: "NOT_FOUND", what: "case", name: "a", known: [] } as const;
  t.is(failureOf({ facts, message: 'no case "a"' }).message, 'no case "a"');
  t.regex(failureOf({ facts, message: "none there" }).message, /says "none there", which should be "no case "a""/);
});

test("a command that is not there, ends, or writes no JSON fails the calls that wait for it", async (t) => {
  await t.throwsAsync(new ForeignCommand("no-such-program").hello, { message: /no-such-program/ });
  await t.throwsAsync(new ForeignCommand("false").hello, { message: "false ended with 1" });
  await t.throwsAsync(new ForeignCommand("echo ready").hello, {
    message: "this line of the client's is no JSON: ready",
  });
});

test("the page says every call that the suite makes", (t) => {
  const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
  const rows = [...read("docs/reference/conformance.md").matchAll(/^\| ((?:`\w+`(?:, )?)+) +\| `(?:client|run)`/gm)];
  const listed = rows.flatMap(([, names = ""]) => [...names.matchAll(/\w+/g)].map(([name]) => name));
  const made = [...read("test/conformance/held/foreign-client.ts").matchAll(/(?:ask|#sha256)(?:<.*>)?\("(\w+)"/g)];
  t.deepEqual(listed.toSorted(), [...new Set(made.map(([, name]) => name as string))].toSorted());
});
