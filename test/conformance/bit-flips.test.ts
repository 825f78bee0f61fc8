import test, { type ExecutionContext } from "ava";
import { fingerprint } from "./held/held-client.js";
import { heldClient } from "./held/hold.js";
import { referenceBatches } from "./reference-batches.js";
import { seedCount, seeded } from "./seeded.js";
import { oneServer } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";
import { startProxy } from "./tcp-proxy.js";

/** `BIT_FLIP_SEEDS=120` runs more of them; `BIT_FLIP_FIRST` is the first. */
const SEEDS = seedCount("BIT_FLIP_SEEDS", 12);
const FIRST = seedCount("BIT_FLIP_FIRST", 0);
const AT_ONCE = 4;
/** What a session of so many steps sends and receives, about: flips beyond that hit nothing. */
const STEPS = 4;
const UP_BYTES = 4_500;
const DOWN_BYTES = 60_000;

const server = oneServer(test);
const expected = referenceBatches(test, server);
const { hold } = heldClient(test);

async function runSeed(t: ExecutionContext, seed: number): Promise<void> {
  const random = seeded(seed);
  const proxy = await startProxy(t, (await server()).address);
  const way = seed % 3 === 0 ? "up" : "down";
  // Half of the flips downwards hit what comes before the first batch.
  const span = way === "up" ? UP_BYTES : random() < 0.5 ? DOWN_BYTES / 10 : DOWN_BYTES;
  const [at, bit] = [Math.floor(random() * span), Math.floor(random() * 8)];
  proxy.flip(way, at, bit);
  const carrier = seed % 2 === 0 ? "auto" : "grpc";
  const client = hold(t, proxy.address, { carrier });
  const what = `seed ${seed}, ${carrier}, bit ${bit} of byte ${at} ${way}`;
  try {
    const run = await client.openRun(SMALL_RUN, { creditBatches: 2, to: STEPS });
    let next = 0;
    for await (const batch of run.batches()) {
      if (batch.step !== next++ || fingerprint(batch) !== (await expected(batch.step, 0)))
        throw new Error(`step ${batch.step} is wrong`);
      if (batch.step === 1) await run.changeStage({ stage: 0, fromStep: "immediate", reason: "none" });
    }
    const batch = await client.getBatch(SMALL_RUN, { step: 2 });
    if (fingerprint(batch) !== (await expected(2, 0))) throw new Error("GetBatch is wrong");
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

test(`one bit flipped on the wire: none of ${SEEDS} ends the run, and none gives other bytes`, async (t) => {
  t.timeout(3_600_000);
  const failures: string[] = [];
  let seed = FIRST;
  const worker = async () => {
    while (seed < FIRST + SEEDS)
      await runSeed(t, seed++).catch((error: unknown) => failures.push(error instanceof Error ? error.message : ""));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  t.deepEqual(failures, []);
});
