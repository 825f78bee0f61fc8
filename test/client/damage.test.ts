import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import type { DataClient } from "../../client/types.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import { dial, oneServer } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { getBatch, specBytes, type WireBatch } from "../conformance/wire.js";
import { answering, startPeer } from "./peer.js";

const server = oneServer(test);

function client(t: ExecutionContext, address: string): DataClient {
  const connected = connect(address, { deadlineMs: 10_000 });
  t.teardown(() => connected[Symbol.asyncDispose]());
  return connected;
}

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
    return ++asked > times ? batch : damaged(batch);
  });
  const run = await client(t, await startPeer(t, honest, { stream })).openRun(SMALL_RUN, { creditBatches: 1 });
  const delivered: Buffer[] = [];
  const error = await (async () => {
    for await (const { image, label } of run.batches({ from: 5, to: 6 }))
      delivered.push(Buffer.concat([image.bytes, label.bytes]));
  })().catch((error: PatchstreamError) => error);
  return { asked, delivered, error, whole: await getBatch(honest, { step: 5 }) };
}

test("a batch that was damaged twice is asked for twice more, and then delivered as it should be", async (t) => {
  t.timeout(60_000);
  const { asked, delivered, error, whole } = await askedOfDamaging(t, 2);
  t.is(error, undefined);
  t.is(asked, 3);
  t.is(delivered.length, 1);
  t.true(delivered[0]?.equals(whole.bytes));
});

test("a batch that was damaged three times is an error and never delivered", async (t) => {
  t.timeout(60_000);
  const { asked, delivered, error } = await askedOfDamaging(t, 3);
  t.like(error?.facts, { code: "BATCH_DAMAGED", step: 5, attempts: 3 });
  t.is(asked, 3);
  t.deepEqual(delivered, []);
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
    const run = await client(t, await startPeer(t, honest, { stream })).openRun(SMALL_RUN, { creditBatches: 1 });
    const error = await t.throwsAsync<PatchstreamError>(async () => {
      for await (const { step } of run.batches({ from: 5, to: 6 })) t.fail(`step ${step} was delivered`);
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
  const error = await t.throwsAsync<PatchstreamError>(client(t, address).describeRun(SMALL_RUN));
  t.is(error?.code, "MESSAGE_DAMAGED");
});
