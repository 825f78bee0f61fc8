import test, { type ExecutionContext } from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import { answering, startPeer } from "../client/peer.js";
import { collect } from "./held/held-client.js";
import { heldClient } from "./held/hold.js";
import { wireHashes } from "./reference-batches.js";
import { dial, oneServer } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";
import { getBatch, specBytes, type WireBatch } from "./wire.js";

const server = oneServer(test);
const { hold } = heldClient(test, { deadlineMs: 10_000, carrier: "auto" });

function damaged({ bytes, ...batch }: WireBatch): WireBatch {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(99) ^ 4, 99);
  return { ...batch, bytes: flipped };
}

/** Step 5 as a peer delivers it that damages it `times` times; and how often it was asked. */
async function askedOfDamaging(t: ExecutionContext, times: number) {
  const honest = dial(t, await server());
  let asked = 0;
  const stream = answering(async (step) => {
    const batch = await getBatch(honest, { step });
    if (step !== 5) return batch;
    return ++asked > times ? batch : damaged(batch);
  });
  const client = hold(t, await startPeer(t, honest, { stream }));
  const run = await client.openRun(SMALL_RUN, { creditBatches: 1, from: 5, to: 6 });
  const outcome = await collect(run.batches()).catch((error: PatchstreamError) => error);
  const whole = ["5 0", ...wireHashes(await getBatch(honest, { step: 5 }))].join(" ");
  return { asked, outcome, whole };
}

test("a batch that was damaged twice is asked for twice more, and then delivered as it should be", async (t) => {
  t.timeout(60_000);
  const { asked, outcome, whole } = await askedOfDamaging(t, 2);
  t.is(asked, 3);
  t.deepEqual(outcome, [whole]);
});

test("a batch that was damaged three times is an error and never delivered", async (t) => {
  t.timeout(60_000);
  const { asked, outcome } = await askedOfDamaging(t, 3);
  t.like(outcome, { facts: { code: "BATCH_DAMAGED", step: 5, attempts: 3 } });
  t.is(asked, 3);
});

/** Batches of the same size, whole in themselves, at other addresses than the one that is asked for. */
const others = {
  "another run": { spec: specBytes({ ...SMALL_RUN, seed: 2 }) },
  "another step": { step: 6 },
} as const;

for (const [name, other] of Object.entries(others))
  test(`a batch of ${name} is not delivered as the one that was asked for`, async (t) => {
    t.timeout(60_000);
    const honest = dial(t, await server());
    const stream = answering(async (step) => {
      const { begin, ...batch } = await getBatch(honest, { step, ...other });
      return { ...batch, begin: { ...begin, step } };
    });
    const client = hold(t, await startPeer(t, honest, { stream }));
    const run = await client.openRun(SMALL_RUN, { creditBatches: 1, from: 5, to: 6 });
    const error = await t.throwsAsync<PatchstreamError>(async () => {
      for await (const { step } of run.batches()) t.fail(`step ${step} was delivered`);
    });
    t.true(error?.code === "MESSAGE_DAMAGED" || error?.code === "BATCH_DAMAGED", error?.message);
  });

test("a run that the server was not asked for is not opened", async (t) => {
  t.timeout(60_000);
  const honest = dial(t, await server());
  const address = await startPeer(t, honest, {
    describeRun: async (request) => ({
      ...(await callUnary(honest, "DataService", "describeRun", request)),
      receivedSha256: new Uint8Array(32),
    }),
  });
  const error = await t.throwsAsync<PatchstreamError>(hold(t, address).describeRun(SMALL_RUN));
  t.is(error?.code, "MESSAGE_DAMAGED");
});
