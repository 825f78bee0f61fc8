import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/index.js";
import { serve } from "../../loader/server/serve.js";
import { SMALL_SERVER, sampleStore } from "../conformance/served-store.js";
import { RUN_STEPS, SMALL_RUN } from "../conformance/small-run.js";

/** A copy of the store whose every chunk has lost bits. */
function damagedCopy(t: ExecutionContext, store: string): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-mended-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(store, folder, { recursive: true });
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const name of names.filter((name) => /(^|\/)c\.[^/]*$/.test(name))) {
    const bytes = readFileSync(join(folder, name));
    writeFileSync(
      join(folder, name),
      bytes.map((byte) => byte ^ 4),
    );
  }
  return folder;
}

/** A server that is replaced by one of another store at the same address. */
async function replica(t: ExecutionContext, store: string) {
  let running = await serve(store, SMALL_SERVER);
  const { address } = running;
  t.teardown(() => running.drain());
  return {
    address,
    async servesFromNowOn(other: string): Promise<void> {
      await running.drain();
      running = await serve(other, { ...SMALL_SERVER, port: Number(address.split(":")[1]) });
    },
  };
}

test("a replica that has refused and is mended since is asked again as soon as the other one refuses", async (t) => {
  t.timeout(120_000);
  const store = await sampleStore();
  const damaged = damagedCopy(t, store);
  const [first, second] = [await replica(t, store), await replica(t, store)];
  const client = connect([first.address, second.address], { deadlineMs: 60_000 });
  t.teardown(() => client[Symbol.asyncDispose]());
  /** What the first one does, when it is neither away nor being opened. */
  const stateOfFirst = async () => {
    for (;;) {
      const { replicas } = await client.fleet();
      const state = replicas.find(({ address }) => address === first.address)?.state;
      if (state === "serving" || state === "refused") return state;
      await pause(10);
    }
  };
  let delivered = 0;
  let hasRefused = false;
  await using run = await client.openRun(SMALL_RUN, { creditBatches: 2 });
  for await (const { step } of run.batches()) {
    t.is(step, delivered++);
    if (step === 1) await first.servesFromNowOn(damaged);
    if (step < 2 || hasRefused) continue;
    hasRefused = (await stateOfFirst()) === "refused";
    if (!hasRefused) continue;
    await first.servesFromNowOn(store);
    await second.servesFromNowOn(damaged);
  }
  t.true(hasRefused);
  t.is(delivered, RUN_STEPS);
});
