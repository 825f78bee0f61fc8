import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import test from "ava";
import { crc32 } from "../../checksum/crc.js";
import { connect } from "../../client/connect.js";
import type { Batch } from "../../client/types.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { readSamples } from "../../rpc/samples.js";
import { CARRIER, CLIENT_TLS, testsOfAnyCarrier } from "./carrier.js";
import { collect, fingerprint, type HeldBatch } from "./held/held-client.js";
import { heldClient } from "./held/hold.js";
import { referenceBatches, wireHashes } from "./reference-batches.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { spawnServer } from "./server-process.js";
import { RUN_STEPS, SMALL_RUN, STAGE_BYTES, STAGE_STEPS } from "./small-run.js";
import { startProxy } from "./tcp-proxy.js";
import { getBatch, specBytes } from "./wire.js";

const server = oneServer(test);
const reference = referenceBatches(test, server);

/** Shorter than any keepalive: nothing here may hang on one. */
const DEADLINE_MS = 25_000;

/** Far below keepalive, far above the hedge time: the machine may be busy. */
const SOON_MS = 15_000;

const { hold, holdOnce, testOurs } = heldClient(test, { deadlineMs: DEADLINE_MS });
const client = holdOnce(server);
const testOfAnyCarrier = testsOfAnyCarrier(test);

/** What a run of the small spec must deliver from step `from` to before step `to`. */
async function expected(from = 0, to = RUN_STEPS): Promise<string[]> {
  const steps = Array.from({ length: to - from }, (_, index) => from + index);
  return Promise.all(steps.map((step) => reference(step, Math.floor(step / STAGE_STEPS))));
}

test("two clients get byte-identical batches, however many they want at once", async (t) => {
  const [one, other] = [await client(), hold(t, (await server()).address)];
  const all = await expected();
  t.is(all.length, RUN_STEPS);
  t.is(new Set(all).size, RUN_STEPS);
  for (const [held, creditBatches] of [
    [one, 2],
    [other, 100],
  ] as const) {
    const run = await held.openRun(SMALL_RUN, { creditBatches });
    t.deepEqual(await collect(run.batches()), all);
  }
  const batch = await other.getBatch(SMALL_RUN, { step: 11 });
  t.is(fingerprint(batch), all[11] as string);
});

test("a stream of many batches smaller than Node's buffer pool delivers what GetBatch does", async (t) => {
  const plan = { patchSize: [8, 8, 8], batchSize: 1, pooling: [1, 1, 1] } as const;
  const spec = { dataset: SMALL_RUN.dataset, split: SMALL_RUN.split, plan, mode: "constant" } as const;
  t.true(8 ** 3 * 4 < Buffer.poolSize / 2);
  const connected = await client();
  const run = await connected.openRun(spec, { creditBatches: 8, to: 50 });
  const streamed = await collect(run.batches());
  t.is(streamed.length, 50);
  const alone = streamed.map(async (_, step) => fingerprint(await connected.getBatch(spec, { step })));
  t.deepEqual(streamed, await Promise.all(alone));
});

test("a batch says what its BatchBegin says: stage, patch, types, shapes, samples and checksum", async (t) => {
  const connected = await client();
  const channel = dial(t, await server());
  const run = await connected.openRun(SMALL_RUN, { rank: 1, ranks: 2, from: 15, to: 17 });
  for await (const streamed of run.batches()) {
    const { step } = streamed;
    const share = { step, rank: 1, ranks: 2 };
    const wire = await getBatch(channel, { spec: specBytes(SMALL_RUN), ...share });
    const { begin, checksum } = wire;
    if (begin.samples === null) return t.fail("the server has said nothing of its samples");
    for (const batch of [streamed, await connected.getBatch(SMALL_RUN, share)]) {
      t.deepEqual(batch.samples, readSamples(begin.samples));
      t.like(batch, { step, stage: begin.stage, globalBatch: begin.globalBatch, checksum });
      t.deepEqual(batch.patchSize, [...(SMALL_RUN.stages[begin.stage]?.patchSize ?? [])]);
      t.deepEqual(
        [batch.image, batch.label],
        begin.tensors.map(({ type, shape }, at) => ({ type, shape, sha256: wireHashes(wire)[at] as string })),
      );
      t.deepEqual(batch.deepLabels, []);
    }
    t.is(streamed.carrier, CARRIER);
  }
});

testOurs(
  "a disposed batch gives its memory back at once, twice does no harm, and the next ones are whole",
  "memory that is disposed by hand is TypeScript's",
  async (t) => {
    await using connected = connect((await server()).address, { carrier: CARRIER, ...CLIENT_TLS });
    const run = await connected.openRun(SMALL_RUN);
    const all: number[] = [];
    const kept: Batch[] = [];
    for await (using batch of run.batches({ from: 6, to: 18 })) {
      all.push(crc32(Buffer.concat([batch.image.bytes, batch.label.bytes])));
      t.is(all.at(-1), batch.checksum);
      t.true(kept.every(({ image, label }) => image.bytes.buffer.byteLength + label.bytes.byteLength === 0));
      kept.push(batch);
      if (batch.step === 9) batch[Symbol.dispose]();
    }
    t.is(new Set(all).size, 12);
  },
);

testOfAnyCarrier("a run that begins at step s delivers what one that came there would", async (t) => {
  const connected = await client();
  for (const [from, to] of [
    [13, 19],
    [2, 4],
  ] as const) {
    const run = await connected.openRun(SMALL_RUN, { from, to });
    t.deepEqual(await collect(run.batches()), await expected(from, to));
  }
});

test("a server that is killed and started again goes on at the same step with the same bytes, and a stage change survives it", async (t) => {
  const first = await spawnServer(t);
  const run = await hold(t, first.address).openRun(SMALL_RUN, { creditBatches: 4, to: 14 });
  const stages: number[] = [];
  for await (const batch of run.batches()) {
    stages.push(batch.stage);
    t.is(fingerprint(batch), await reference(batch.step, batch.stage));
    if (batch.step !== 4) continue;
    await run.changeStage({ stage: 2, hold: true, fromStep: 7, reason: "x" });
    t.is(await first.end("SIGKILL"), "SIGKILL");
    await spawnServer(t, "--port", first.address.split(":")[1] as string);
  }
  t.deepEqual(stages, [...Array(7).fill(0), ...Array(7).fill(2)]);
});

test("when one of two replicas is killed the other goes on, each step exactly once", async (t) => {
  const { address } = await server();
  const victim = await startProxy(t, address);
  const run = await hold(t, [victim.address, address]).openRun(SMALL_RUN, { creditBatches: 6 });
  const got: string[] = [];
  for await (const batch of run.batches()) {
    got.push(fingerprint(batch));
    if (batch.step === 5) victim.kill();
  }
  t.deepEqual(got, await expected());
});

test("a replica that falls silent is hedged: its wants go to the other, long before keepalive would notice", async (t) => {
  const { address } = await server();
  const proxy = await startProxy(t, address);
  const run = await hold(t, [proxy.address, address]).openRun(SMALL_RUN, { to: 16 });
  const got: string[] = [];
  let longestMs = 0;
  let askedMs = Infinity;
  for await (const batch of run.batches()) {
    longestMs = Math.max(longestMs, performance.now() - askedMs);
    got.push(fingerprint(batch));
    if (batch.step === 3) proxy.freeze();
    if (batch.step >= 3) askedMs = performance.now();
  }
  t.deepEqual(got, await expected(0, 16));
  t.true(longestMs < SOON_MS, `a batch was waited for for ${longestMs} ms`);
});

test("a connection reset in the middle of a batch costs nothing but the time to ask again", async (t) => {
  const proxy = await startProxy(t, (await server()).address);
  const run = await hold(t, proxy.address).openRun(SMALL_RUN, { creditBatches: 2 });
  const got: string[] = [];
  for await (const batch of run.batches()) {
    got.push(fingerprint(batch));
    if (batch.step % 4 === 0) proxy.cutAfter(STAGE_BYTES[batch.stage as 0 | 1 | 2] * 1.5);
  }
  t.deepEqual(got, await expected());
});

test("a damaged batch is asked for again, and what is delivered is right", async (t) => {
  const proxy = await startProxy(t, (await server()).address);
  const run = await hold(t, proxy.address).openRun(SMALL_RUN, { creditBatches: 1, from: 16, to: 20 });
  const got: string[] = [];
  for await (const batch of run.batches()) {
    got.push(fingerprint(batch));
    if (batch.step === 17) proxy.damage(2);
  }
  t.deepEqual(got, await expected(16, 20));
});

test("a batch that arrives damaged three times is BATCH_DAMAGED, never delivered", async (t) => {
  const proxy = await startProxy(t, (await server()).address);
  proxy.damage(1_000);
  const run = await hold(t, proxy.address).openRun(SMALL_RUN, { creditBatches: 1, from: 20 });
  const error = await t.throwsAsync<PatchstreamError>(collect(run.batches()));
  t.like(error?.facts, { code: "BATCH_DAMAGED", step: 20, attempts: 3 });
});

testOfAnyCarrier("wants are bounded in batches and in bytes, and one batch is always allowed", async (t) => {
  const connected = await client();
  const few = await connected.openRun(SMALL_RUN, { creditBatches: 3, to: 10 });
  for await (const { step } of few.batches()) t.true((await few.firstUnwanted()) <= step + 1 + 3);
  const small = await connected.openRun(SMALL_RUN, { creditBytes: 2 * STAGE_BYTES[1], from: 6, to: 20 });
  for await (const { step, stage } of small.batches()) {
    const ahead = (await small.firstUnwanted()) - step - 1;
    if (stage === 2) t.true(ahead <= 1, `${ahead} ahead of step ${step}`);
    if (stage === 1) t.true(ahead <= 2, `${ahead} ahead of step ${step}`);
  }
});

testOurs(
  "received memory is the batch's own: never shared, and in one piece",
  "what lies in one ArrayBuffer is TypeScript's",
  async (t) => {
    await using connected = connect((await server()).address, { carrier: CARRIER, ...CLIENT_TLS });
    const batch = await connected.getBatch(SMALL_RUN, { step: 16 });
    t.true(batch.image.bytes.buffer instanceof ArrayBuffer);
    t.is(batch.image.bytes.buffer, batch.label.bytes.buffer);
    t.like(batch, { timeline: "train", globalBatch: 3, step: 16, stage: 2 });
    t.true(batch.carriedMs > 0 && batch.carriedMs < batch.waitedMs);
  },
);

test("labels of deep supervision are delivered beside the full one, the same streamed and asked for alone", async (t) => {
  const connected = await client();
  const deep = { ...SMALL_RUN, deepSupervision: true };
  const run = await connected.openRun(deep, { from: 7, to: 9 });
  for await (const { step, image, label, deepLabels, ...batch } of run.batches()) {
    const plain = await connected.getBatch(SMALL_RUN, { step });
    t.deepEqual([image, label, []], [plain.image, plain.label, plain.deepLabels]);
    t.deepEqual(
      deepLabels.map(({ shape }) => shape),
      [2, 4].map((ratio) => label.shape.map((extent, axis) => (axis === 0 ? extent : extent / ratio))),
    );
    const alone = await connected.getBatch(deep, { step });
    t.deepEqual(alone.deepLabels, deepLabels);
    t.is(alone.checksum, batch.checksum);
  }
});

testOfAnyCarrier(
  "a stage change defaults to the first step not wanted yet: nothing of the old size from there on",
  async (t) => {
    const run = await (await client()).openRun(SMALL_RUN, { creditBatches: 4, to: 12 });
    let fromStep = Infinity;
    for await (const { step, stage, patchSize } of run.batches()) {
      if (step === 2) {
        const unwanted = await run.firstUnwanted();
        const decision = await run.changeStage({ stage: 2, hold: true, reason: "plateau" });
        t.deepEqual(decision, { stage: 2, fromStep: unwanted, reason: "plateau", hold: true });
        fromStep = decision.fromStep;
      }
      t.is(stage, step >= fromStep ? 2 : Math.floor(step / STAGE_STEPS), `step ${step}`);
      t.deepEqual(patchSize, SMALL_RUN.stages[stage]?.patchSize as never);
    }
    t.true(fromStep > 3 && fromStep <= 7);
  },
);

test("an immediate change holds from the first step not delivered, and drops what had arrived", async (t) => {
  const run = await (await client()).openRun(SMALL_RUN, { creditBatches: 8, to: 14 });
  const stages: number[] = [];
  for await (const { step, stage } of run.batches()) {
    stages.push(stage);
    if (step === 4)
      t.like(await run.changeStage({ stage: 1, hold: true, fromStep: "immediate", reason: "x" }), { fromStep: 5 });
    if (step === 9)
      t.like(await run.changeStage({ stage: 0, hold: true, fromStep: "immediate", reason: "x" }), { fromStep: 10 });
  }
  t.deepEqual(stages, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
});

testOfAnyCarrier(
  "a stage change of two ranks at an agreed step holds for both, and together they get whole batches",
  async (t) => {
    const whole = await getBatch(dial(t, await server()), { spec: specBytes(SMALL_RUN), step: 12, stage: 2 });
    const shares = await Promise.all(
      [0, 1].map(async (rank) => {
        const run = await (await client()).openRun(SMALL_RUN, { rank, ranks: 2, creditBatches: 3, to: 14 });
        const stages: number[] = [];
        let twelfth: HeldBatch | undefined;
        for await (const batch of run.batches()) {
          stages.push(batch.stage);
          if (batch.step === 12) twelfth = batch;
          if (batch.step === 5 + rank) await run.changeStage({ stage: 2, hold: true, fromStep: 10, reason: "agreed" });
        }
        return { stages, twelfth };
      }),
    );
    for (const { stages } of shares) t.deepEqual(stages, [...Array(8).fill(0), 1, 1, 2, 2, 2, 2]);
    t.deepEqual(
      shares.map(({ twelfth }) => twelfth?.label.shape[0]),
      [2, 1],
    );
    // Sample j is rank j mod 2's; samples of a tensor lie one behind the other, the labels behind the images.
    const [imageBytes, labelBytes] = [40 * 56 * 40 * 4, 40 * 56 * 40];
    const second = (start: number, length: number) =>
      createHash("sha256")
        .update(whole.bytes.subarray(start, start + length))
        .digest("hex");
    t.is(shares[1]?.twelfth?.image.sha256, second(imageBytes, imageBytes));
    t.is(shares[1]?.twelfth?.label.sha256, second(3 * imageBytes + labelBytes, labelBytes));
  },
);

testOfAnyCarrier("decisions are replayed on resume: the same stages from the same steps", async (t) => {
  const connected = await client();
  const first = await connected.openRun(SMALL_RUN, { to: 16 });
  const got: string[] = [];
  const decisions = [];
  for await (const batch of first.batches()) {
    got.push(fingerprint(batch));
    if (batch.step === 3) decisions.push(await first.changeStage({ stage: 1, hold: true, fromStep: 6, reason: "a" }));
    if (batch.step === 9) decisions.push(await first.changeStage({ stage: 2, hold: true, fromStep: 13, reason: "b" }));
  }
  const resumed = await connected.openRun(SMALL_RUN, { creditBatches: 3, from: 4, to: 16, decisions });
  t.deepEqual(await collect(resumed.batches()), got.slice(4));
});

testOfAnyCarrier("a change at a step already delivered is STEP_PASSED and names the step that was", async (t) => {
  const run = await (await client()).openRun(SMALL_RUN, { to: 7 });
  for await (const { step } of run.batches()) {
    if (step !== 5) continue;
    const late = run.changeStage({ stage: 1, hold: true, fromStep: 3, reason: "late" });
    t.like((await t.throwsAsync<PatchstreamError>(late))?.facts, { code: "STEP_PASSED", step: 3, delivered: 5 });
    const unknown = run.changeStage({ stage: 7, hold: true, reason: "far" });
    t.like((await t.throwsAsync<PatchstreamError>(unknown))?.facts, { code: "STAGE_UNKNOWN", stage: 7 });
  }
});

testOfAnyCarrier("a change after the last step was wanted changes nothing and harms nothing", async (t) => {
  const run = await (await client()).openRun(SMALL_RUN, { from: RUN_STEPS - 6 });
  const stages: number[] = [];
  for await (const { step, stage } of run.batches()) {
    stages.push(stage);
    if (step === RUN_STEPS - 2)
      t.like(await run.changeStage({ stage: 0, hold: true, reason: "late" }), { fromStep: RUN_STEPS });
  }
  t.deepEqual(stages, Array(6).fill(2));
});

testOfAnyCarrier("a server that never comes ends the wait by the deadline, and the error names it", async (t) => {
  const gone = await startServer(t);
  await gone.drain();
  const lonely = hold(t, gone.address, { deadlineMs: 300 });
  const error = await t.throwsAsync<PatchstreamError>(lonely.openRun(SMALL_RUN));
  t.true(error?.code === "UNAVAILABLE" || error?.code === "DEADLINE");
  t.regex(error?.message ?? "", new RegExp(gone.address));
});

testOfAnyCarrier(
  "a server that goes away for good ends a blocked wait with DEADLINE, naming step and address",
  async (t) => {
    const doomed = await startServer(t);
    const run = await hold(t, doomed.address, { deadlineMs: 10_000 }).openRun(SMALL_RUN, { creditBatches: 1 });
    let next = 0;
    const error = await t.throwsAsync<PatchstreamError>(async () => {
      for await (const { step } of run.batches()) {
        next = step + 1;
        if (step === 2) await doomed.drain();
      }
    });
    t.true(next === 3 || next === 4, "a server that drains finishes what it has begun");
    t.is(error?.code, "DEADLINE");
    t.regex(error?.message ?? "", new RegExp(`step ${next} .*${doomed.address}`));
  },
);

testOurs("an aborted signal ends a blocked wait with its own reason", "signals are TypeScript's", async (t) => {
  const stop = new AbortController();
  const proxy = await startProxy(t, (await server()).address);
  await using connected = connect(proxy.address, { carrier: CARRIER, ...CLIENT_TLS });
  const run = await connected.openRun(SMALL_RUN, { creditBatches: 1, signal: stop.signal });
  const error = await t.throwsAsync(async () => {
    for await (const { step } of run.batches())
      if (step === 1) {
        proxy.freeze();
        setTimeout(0).then(() => stop.abort(new Error("enough")));
      }
  });
  t.is(error?.message, "enough");
});

testOfAnyCarrier("the server's own refusal reaches the caller with its facts and hint", async (t) => {
  const connected = await client();
  const error = await t.throwsAsync<PatchstreamError>(connected.openRun({ ...SMALL_RUN, dataset: "Task01" }));
  t.like(error?.facts, { code: "SPEC_INVALID", field: "data.dataset", got: "Task01" });
  const refused = await t.throwsAsync<PatchstreamError>(connected.openRun(SMALL_RUN, { rank: 0, ranks: 9 }));
  t.like(refused?.facts, { code: "REQUEST_INVALID", field: "ranks", got: 9 });
});

test("a training loop that blocks its thread delays no transfer: what was wanted arrives meanwhile", async (t) => {
  const watched = await spawnServer(t, "--metrics-port", "0");
  const credit = { creditBatches: RUN_STEPS, creditBytes: 1 << 30 };
  const decisions = [{ stage: 2, fromStep: 0, reason: "more bytes than gRPC's window", hold: true }];
  const run = await hold(t, watched.address).openRun(SMALL_RUN, { ...credit, decisions });
  const untilAllAreSent = `
    for (;;) {
      const text = await (await fetch("http://${watched.metrics}/metrics")).text();
      if (text.includes('patchstream_batches_sent_total{stage="2"} ${RUN_STEPS}')) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }`;
  // Blocks the thread that our client is called from; any other client is asked nothing meanwhile.
  for await (const { step } of run.batches())
    if (step === 0) execFileSync(process.execPath, ["--input-type=module", "-e", untilAllAreSent]);
  t.pass();
});
