/**
 * A process that trains without an accelerator: `node trainer.js ADDRESS`, then a message for each measurement. It sleeps a step's time
 * for each batch, and answers with its utilisation.
 */
import { setTimeout } from "node:timers/promises";
import { connect, type DataSpecInput } from "../../client/index.js";
import { answerJobs } from "../how-fast-is-the-wire/receiver.js";

/** What one trainer does: `steps` timed steps at one stage of a run, after one that is not timed. */
export interface TrainerJob {
  readonly data: DataSpecInput;
  readonly stage: number;
  readonly steps: number;
  readonly stepMs: number;
}

const [address] = process.argv.slice(2) as [string];
const client = connect(address);

answerJobs(async ({ data, stage, steps, stepMs }: TrainerJob) => {
  await using run = await client.openRun(data);
  const decisions = [{ stage, fromStep: 0, reason: "benchmark", hold: true }];
  let startMs = 0;
  for await (using batch of run.batches({ from: 0, to: steps + 1, decisions })) {
    await setTimeout(stepMs);
    if (batch.step === 0) startMs = performance.now();
  }
  return (steps * stepMs) / (performance.now() - startMs);
});
