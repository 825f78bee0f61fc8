/** A process that receives batches: `node receive-batches.js ADDRESS DATA_JSON`, then a message for each measurement. */
import { connect } from "../../client/index.js";
import { answerJobs } from "./receiver.js";
import { SteadyClock } from "./steady-clock.js";

const [address, data] = process.argv.slice(2) as [string, string];
const client = connect(address);

answerJobs(async ({ stage, steps, untimedBytes }: { stage: number; steps: number; untimedBytes: number }) => {
  await using run = await client.openRun(JSON.parse(data));
  const decisions = [{ stage, fromStep: 0, reason: "benchmark", hold: true }];
  const clock = new SteadyClock(untimedBytes);
  for await (using batch of run.batches({ from: 0, to: steps, decisions }))
    clock.received(batch.image.bytes.byteLength + batch.label.bytes.byteLength);
  return clock.bytesPerSecond();
});
