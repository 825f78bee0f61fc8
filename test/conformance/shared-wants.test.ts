import test from "ava";
import { PatchstreamError } from "../../plan/errors.js";
import type { Handlers } from "../../rpc/server/implement.js";
import { answering, startPeer } from "../client/peer.js";
import { heldClient } from "./held/hold.js";
import { dial, oneServer, startServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN } from "./small-run.js";
import { getBatch, specBytes } from "./wire.js";

const server = oneServer(test);
const { hold } = heldClient(test, { carrier: "auto" });

/** Batches that a server has sent, by its own count. */
async function batchesSent({ metricsAddress }: { metricsAddress: string | undefined }): Promise<number> {
  const text = await (await fetch(`http://${metricsAddress}/metrics`)).text();
  const counts = text.matchAll(/^patchstream_batches_sent_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

test("wants are spread over the replicas: of two, each sends a quarter of the batches or more", async (t) => {
  t.timeout(60_000);
  const servers = [await startServer(t, { metricsPort: 0 }), await startServer(t, { metricsPort: 0 })];
  const addresses = servers.map(({ address }) => address);
  const plan = { patchSize: [32, 32, 32], batchSize: 4, pooling: [1, 1, 1] } as const; // a batch takes some milliseconds: less is noise
  const { dataset, split } = SMALL_RUN;
  const run = await hold(t, addresses).openRun({ dataset, split, plan, mode: "constant" }, { to: 80 });
  let delivered = 0;
  for await (const { step } of run.batches()) t.is(step, delivered++);
  const sent = await Promise.all(servers.map(batchesSent));
  t.true(Math.min(...sent) >= 20, `they sent ${sent.join(" and ")} batches`);
});

test("a server that refuses every stream is asked again with growing pauses, a few times a second", async (t) => {
  t.timeout(60_000);
  const honest = dial(t, await server());
  let streams = 0;
  const stream: Handlers<"DataService">["stream"] = async () => {
    streams++;
    throw new PatchstreamError({ code: "UNAVAILABLE", address: "this server", reason: "it is busy" }, "Ask again.");
  };
  const address = await startPeer(t, honest, { stream });
  const run = await hold(t, address, { deadlineMs: 1_500 }).openRun(SMALL_RUN);
  await t.throwsAsync(run.batches().next());
  // two at once, then after pauses of 50, 100, 200, 400 and 400 ms
  t.true(streams >= 2 && streams <= 8, `${streams} streams were opened`);
});

test("a replica that says that it drains is asked for nothing more", async (t) => {
  t.timeout(60_000);
  const good = await server();
  const honest = dial(t, good);
  const creditBatches = 4;
  let asked = 0;
  const answer = answering(async (step) => {
    asked++;
    return getBatch(honest, { spec: specBytes(SMALL_RUN), step });
  });
  const stream: Handlers<"DataService">["stream"] = ({ send, ...call }) =>
    answer({
      ...call,
      async send(message) {
        await send(message);
        if ("kind" in message && message.kind === "started")
          await send({ kind: "notice", notice: { code: "draining", text: "" } });
      },
    });
  const draining = await startPeer(t, honest, { stream });
  const run = await hold(t, [draining, good.address]).openRun(SMALL_RUN, { creditBatches });
  let delivered = 0;
  for await (const { step } of run.batches()) t.is(step, delivered++);
  t.is(delivered, RUN_STEPS);
  // what it was asked for before it had said so
  t.true(asked <= creditBatches, `it was asked for ${asked} batches`);
});
