import test, { type ExecutionContext } from "ava";
import { connect, type DataClient } from "../../client/index.js";
import { CLIENT_TLS } from "../conformance/carrier.js";
import { startServer } from "../conformance/served-store.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES, STAGE_STEPS } from "../conformance/small-run.js";
import { startProxy } from "../conformance/tcp-proxy.js";
import { replicaOf, seen } from "./seen-fleet.js";

function clientOf(t: ExecutionContext, ...addresses: string[]): DataClient {
  const client = connect(addresses, { deadlineMs: 30_000, ...CLIENT_TLS });
  t.teardown(() => client[Symbol.asyncDispose]());
  return client;
}

test("of two replicas one falls silent: it is said which, and that its batches were asked of the other", async (t) => {
  const good = await startServer(t);
  const victim = await startProxy(t, (await startServer(t)).address);
  const client = clientOf(t, victim.address, good.address);
  t.deepEqual(
    (await client.fleet()).replicas.map(({ address, state }) => [address, state]),
    [
      [victim.address, "idle"],
      [good.address, "idle"],
    ],
  );
  await using run = await client.openRun(SMALL_RUN);
  for await (const { step } of run.batches()) {
    if (step === 0) await seen(client, ({ replicas }) => replicas.every(({ state }) => state === "serving"));
    if (step === 3) victim.freeze();
    if (step < RUN_STEPS - 1) continue;
    const fleet = await seen(client, (found) => replicaOf(found, victim.address)?.state === "silent");
    const silent = replicaOf(fleet, victim.address);
    const serving = replicaOf(fleet, good.address);
    t.true((silent?.failovers ?? 0) > 0);
    t.like(serving, { state: "serving", damagedBatches: 0, owed: 0 });
    t.is((silent?.batches ?? 0) + (serving?.batches ?? 0), RUN_STEPS);
    const bytes = STAGE_BYTES.reduce((sum, one) => sum + STAGE_STEPS * one, 0);
    t.is((silent?.bytes ?? 0) + (serving?.bytes ?? 0), bytes);
    t.true((serving?.servedMs ?? 0) > 0);
    t.true((silent?.heardMs ?? 0) > (serving?.heardMs ?? Number.POSITIVE_INFINITY));
  }
});

test("what is waited for is said: of whom it was asked, and that nobody is left", async (t) => {
  const server = await startProxy(t, (await startServer(t)).address);
  const client = clientOf(t, server.address);
  await using run = await client.openRun(SMALL_RUN, { creditBatches: 1 });
  const batches = run.batches();
  await batches.next();
  t.is((await client.fleet()).awaited, undefined);
  server.freeze();
  const next = untilFailure(batches); // one batch may be on its way
  const asked = await seen(client, ({ awaited }) => awaited !== undefined && awaited.asked.length > 0);
  t.like(asked.awaited, { timeline: "train", stage: 0, asked: [server.address] });
  server.kill();
  const { replicas, awaited } = await seen(client, ({ replicas: [one] }) => one?.state === "lost");
  t.like(awaited, { step: asked.awaited?.step, asked: [] });
  t.true((replicas[0]?.failure?.message ?? "").includes(server.address));
  await client[Symbol.asyncDispose]();
  t.true((await next) instanceof Error);
});

async function untilFailure(batches: AsyncIterator<unknown>): Promise<unknown> {
  try {
    while (!(await batches.next()).done);
    return undefined;
  } catch (error) {
    return error;
  }
}

test("batches that another client was given, too, are counted as shared", async (t) => {
  const server = await startServer(t);
  const clients = [clientOf(t, server.address), clientOf(t, server.address)];
  const runs = await Promise.all(clients.map((client) => client.openRun(SMALL_RUN, { creditBatches: 1 })));
  const iterators = runs.map((run) => run.batches({ to: STAGE_STEPS }));
  for (let step = 0; step < STAGE_STEPS; step++) await Promise.all(iterators.map((iterator) => iterator.next()));
  const fleets = await Promise.all(clients.map((client) => client.fleet()));
  const counts = fleets.map(({ replicas: [one] }) => one?.sharedBatches ?? 0);
  t.true(counts[0] !== undefined && counts[1] !== undefined && counts[0] + counts[1] > 0, counts.join());
  t.true(counts.every((count) => count <= STAGE_STEPS));
  await Promise.all(runs.map((run) => run[Symbol.asyncDispose]()));
});
