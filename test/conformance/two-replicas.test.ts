import { setTimeout as pause } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { type StageDecision, StageTimeline } from "../../plan/batch/stage-timeline.js";
import { fingerprint, type HeldClient } from "./held/held-client.js";
import { heldClient } from "./held/hold.js";
import { referenceBatches } from "./reference-batches.js";
import { seedCount, seeded } from "./seeded.js";
import { oneServer, startServer } from "./served-store.js";
import { spawnServer } from "./server-process.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES, STAGE_STEPS } from "./small-run.js";
import { startProxy } from "./tcp-proxy.js";

/** `TWO_REPLICA_SEEDS=1000` runs them all; `TWO_REPLICA_FIRST` is the first. */
const SEEDS = seedCount("TWO_REPLICA_SEEDS", 10);
const FIRST = seedCount("TWO_REPLICA_FIRST", 0);
const AT_ONCE = 4;
const DEADLINE_MS = 30_000;

const one = oneServer(test);
const other = oneServer(test);
const expected = referenceBatches(test, one);
const { hold } = heldClient(test, { deadlineMs: DEADLINE_MS });

type Random = () => number;
const whole = (random: Random, below: number) => Math.floor(random() * below);

/** A pair of which one comes to harm, and what does it. */
interface Pair {
  readonly addresses: string[];
  readonly harm: string;
  strike(): void;
}

async function pair(t: ExecutionContext, random: Random): Promise<Pair> {
  const harm = ["freeze", "kill", "cut", "drain", "SIGKILL", "SIGSTOP"][
    random() < 0.04 ? 4 + whole(random, 2) : whole(random, 4)
  ] as string;
  const good = (await one()).address;
  const place = (victim: string) => (random() < 0.5 ? [victim, good] : [good, victim]);
  if (harm === "SIGKILL" || harm === "SIGSTOP") {
    const victim = await spawnServer(t);
    return { addresses: place(victim.address), harm, strike: () => void victim.process.kill(harm) };
  }
  if (harm === "drain") {
    const victim = await startServer(t);
    return { addresses: place(victim.address), harm, strike: () => void victim.drain() };
  }
  const proxy = await startProxy(t, (await other()).address);
  const cutAfter = whole(random, STAGE_BYTES[2]);
  const strikes = { freeze: () => proxy.freeze(), kill: () => proxy.kill(), cut: () => proxy.cutAfter(cutAfter) };
  return { addresses: place(proxy.address), harm, strike: strikes[harm as keyof typeof strikes] };
}

/** A call beside the stream, now and then. */
async function unary(client: HeldClient, random: Random): Promise<void> {
  const step = whole(random, RUN_STEPS);
  switch (whole(random, 4)) {
    case 0: {
      const batch = await client.getBatch(SMALL_RUN, { step });
      if (fingerprint(batch) !== (await expected(step, batch.stage))) throw new Error(`step ${step} has other bytes`);
      return;
    }
    case 1:
      await client.readLabel("hippocampus_003");
      return;
    case 2:
      await client.describeRun(SMALL_RUN);
      return;
    default:
      await client.readLocations("hippocampus_003", 1);
  }
}

async function runSeed(t: ExecutionContext, seed: number): Promise<string> {
  const random = seeded(seed);
  const { addresses, harm, strike } = await pair(t, random);
  const client = hold(t, addresses, { carrier: seed % 2 === 0 ? "auto" : "grpc" });
  try {
    const harmedAt = whole(random, RUN_STEPS);
    const changes = new Map<number, { stage: number; when: number; hold: boolean }>();
    for (let count = whole(random, 3); count > 0; count--)
      changes.set(whole(random, RUN_STEPS), { stage: whole(random, 3), when: random(), hold: random() < 0.5 });
    const callRate = random() * 0.5;
    const run = await client.openRun(SMALL_RUN, { creditBatches: 1 + whole(random, 8) });
    const schedule = { order: "scheduled" as const, stageOf: (step: number) => Math.floor(step / STAGE_STEPS) };
    const decisions: StageDecision[] = [];
    const calls: Promise<void>[] = [];
    let next = 0;
    for await (const batch of run.batches()) {
      const { step, stage } = batch;
      const what = `seed ${seed} (${harm} at ${harmedAt}), step ${step}`;
      if (step !== next++) throw new Error(`${what} came instead of ${next - 1}`);
      const right = new StageTimeline(schedule, decisions).stageOf(step);
      if (stage !== right) throw new Error(`${what} has stage ${stage} instead of ${right}`);
      if (fingerprint(batch) !== (await expected(step, stage))) throw new Error(`${what} has other bytes`);
      if (step === harmedAt) strike();
      if (random() < callRate) calls.push(unary(client, random));
      const change = changes.get(step);
      if (change !== undefined && step + 1 < RUN_STEPS) {
        const { stage: to, when, hold } = change;
        const later = Math.min(RUN_STEPS - 1, step + 1 + Math.floor(when * 8));
        const fromStep = when < 0.4 ? { fromStep: "immediate" as const } : when < 0.7 ? { fromStep: later } : {};
        const changed = await run.changeStage({ stage: to, hold, reason: "seeded", ...fromStep });
        decisions.push(changed);
      }
    }
    if (next !== RUN_STEPS) throw new Error(`seed ${seed} ended at step ${next}`);
    await Promise.all(calls);
    return harm;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

test(`of two replicas one is frozen, killed, cut or drained at a random step: ${SEEDS} runs end with the right bytes`, async (t) => {
  t.timeout(3_600_000);
  const failures: string[] = [];
  const harms: Record<string, number> = {};
  let seed = FIRST;
  const worker = async () => {
    while (seed < FIRST + SEEDS) {
      const mine = seed++;
      try {
        const harm = await runSeed(t, mine);
        harms[harm] = (harms[harm] ?? 0) + 1;
      } catch (error) {
        failures.push(`seed ${mine}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await pause(0);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  t.log(harms);
  t.deepEqual(failures, []);
});
