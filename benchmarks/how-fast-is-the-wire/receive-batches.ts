/** A process that receives batches: `node receive-batches.js ADDRESS DATA_JSON`, then a message for each measurement. */
import { connect } from "../../client/index.js";
import { answerJobs } from "./receiver.js";

const [address, data] = process.argv.slice(2) as [string, string];
const client = connect(address);

answerJobs(async ({ stage, steps }: { readonly stage: number; readonly steps: number }) => {
  await using run = await client.openRun(JSON.parse(data));
  const decisions = [{ stage, fromStep: 0, reason: "benchmark" }];
  let bytes = 0;
  const start = performance.now();
  for await (using batch of run.batches({ from: 0, to: steps, decisions }))
    bytes += batch.image.bytes.byteLength + batch.label.bytes.byteLength;
  return bytes / ((performance.now() - start) / 1e3);
});
