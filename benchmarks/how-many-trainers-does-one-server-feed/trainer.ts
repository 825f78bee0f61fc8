/**
 * A process that trains without an accelerator: `node trainer.js ADDRESS CLIENT`, then a message for each measurement. It sleeps a step's
 * time for each batch, and answers with its utilisation.
 */
import { setTimeout } from "node:timers/promises";
import { connect, type DataClient, type DataSpecInput } from "../../client/index.js";
import { openChannel } from "../../rpc/index.js";
import { answerJobs } from "../how-fast-is-the-wire/receiver.js";
import { countedBatches } from "./counted-batches.js";

/** "ours": the client that any trainer has. "counting": one that counts batches and looks at nothing, for trainers that share the server's processors. */
export type TrainerClient = "ours" | "counting";

/** What one trainer does: `steps` timed steps at one stage of a run, after one that is not timed. */
export interface TrainerJob {
  readonly data: DataSpecInput;
  readonly stage: number;
  readonly steps: number;
  readonly stepMs: number;
}

const [address, kind] = process.argv.slice(2) as [string, TrainerClient];

async function* ourBatches(client: DataClient, { data, stage, steps }: TrainerJob): AsyncGenerator<void> {
  await using run = await client.openRun(data);
  const decisions = [{ stage, fromStep: 0, reason: "benchmark", hold: true }];
  for await (using _batch of run.batches({ from: 0, to: steps, decisions })) yield;
}

function batchesOf(): (job: TrainerJob) => AsyncGenerator<void> {
  if (kind === "counting") {
    const channel = openChannel(address);
    return (job) => countedBatches(channel, job);
  }
  const client = connect(address);
  return (job) => ourBatches(client, job);
}

const batches = batchesOf();

answerJobs(async (job: TrainerJob) => {
  const { steps, stepMs } = job;
  let startMs: number | undefined;
  for await (const _ of batches({ ...job, steps: steps + 1 })) {
    await setTimeout(stepMs);
    startMs ??= performance.now();
  }
  return (steps * stepMs) / (performance.now() - (startMs as number));
});
