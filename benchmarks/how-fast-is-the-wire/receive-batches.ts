/** A process that receives batches: `node receive-batches.js ADDRESS DATA_JSON CARRIER`, then a message for each measurement. */
import { type Carrier, connect } from "../../client/index.js";
import { answerJobs } from "./receiver.js";
import { SteadyClock } from "./steady-clock.js";

const [address, data, carrier] = process.argv.slice(2) as [string, string, Carrier];
const client = connect(address, { carrier });

answerJobs(async ({ stage, steps, untimedBytes }: { stage: number; steps: number; untimedBytes: number }) => {
  await using run = await client.openRun(JSON.parse(data));
  const decisions = [{ stage, fromStep: 0, reason: "benchmark", hold: true }];
  const clock = new SteadyClock(untimedBytes);
  for await (using batch of run.batches({ from: 0, to: steps, decisions }))
    clock.received(batch.image.bytes.byteLength + batch.label.bytes.byteLength);
  return clock.bytesPerSecond();
});
