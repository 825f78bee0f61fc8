import { cpSync } from "node:fs";
import test from "ava";
import { connect, type FleetStanding } from "../../client/index.js";
import { serve } from "../../loader/server/serve.js";
import { sampleStore } from "../conformance/served-store.js";
import { RUN_STEPS, SMALL_RUN } from "../conformance/small-run.js";
import { damage, shardsOf } from "../dataset/damage-shards.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { replacedServer, type Start } from "./replaced-server.js";
import { replicaOf, seen } from "./seen-fleet.js";

test("a replica that has refused and is mended since is asked again as soon as the other one refuses", async (t) => {
  t.timeout(120_000);
  const store = await sampleStore();
  const copy = temporaryFolder(t);
  cpSync(store, copy, { recursive: true });
  for (const shard of shardsOf(copy)) damage(shard);
  const whole: Start = (options) => serve(store, options);
  const damaged: Start = (options) => serve(copy, options);
  const [first, second] = [await replacedServer(t, whole), await replacedServer(t, whole)];
  const client = connect([first.address, second.address], { deadlineMs: 60_000 });
  t.teardown(() => client[Symbol.asyncDispose]());
  /** What the first one does, when it is neither away nor being opened. */
  const stateOfFirst = async () => {
    const state = (fleet: FleetStanding) => replicaOf(fleet, first.address)?.state ?? "idle";
    return state(await seen(client, (fleet) => ["serving", "refused"].includes(state(fleet))));
  };
  let delivered = 0;
  let hasRefused = false;
  await using run = await client.openRun(SMALL_RUN, { creditBatches: 2 });
  for await (const { step } of run.batches()) {
    t.is(step, delivered++);
    if (step === 1) await first.become(damaged);
    if (step < 2 || hasRefused) continue;
    hasRefused = (await stateOfFirst()) === "refused";
    if (!hasRefused) continue;
    await first.become(whole);
    await second.become(damaged);
  }
  t.true(hasRefused);
  t.is(delivered, RUN_STEPS);
});
