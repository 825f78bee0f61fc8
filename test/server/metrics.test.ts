import test from "ava";
import { dial, startServer } from "../conformance/served-store.js";
import { RUN_STEPS, STAGE_BYTES, STAGE_STEPS } from "../conformance/small-run.js";
import { getBatch, start } from "../conformance/wire.js";

test("the bytes that are counted as sent are those of the batches that were, streamed or asked for alone", async (t) => {
  t.timeout(60_000);
  const server = await startServer(t, { metricsPort: 0 });
  const counted = async () => {
    const text = await (await fetch(`http://${server.metricsAddress}/metrics`)).text();
    return Number(/^patchstream_batch_bytes_sent_total (\d+)$/m.exec(text)?.[1]);
  };
  t.is(await counted(), 0);
  const channel = dial(t, server);
  const stream = await start(channel);
  stream.want(0, RUN_STEPS);
  let received = 0;
  for (let step = 0; step < RUN_STEPS; step++) received += (await stream.batch()).bytes.length;
  stream.call.end();
  t.is(await stream.next(), undefined);
  t.is(received, STAGE_STEPS * STAGE_BYTES.reduce((sum, bytes) => sum + bytes, 0));
  t.is(await counted(), received);
  await getBatch(channel, { step: 9 });
  t.is(await counted(), received + STAGE_BYTES[1]);
});
