import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { callStream, callUnary, openChannel } from "../../rpc/index.js";
import { SummaryTally, type TrainingSummary } from "../../trainer/index.js";
import { startServer } from "../child.js";
import { processorSecondsOfAll } from "../processor-time.js";
import type { TimedStep } from "./replay.js";

const cli = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** The processors of the data server and of the trainer. */
export const PROCESSORS = { data: 0, trainer: 1 };

export interface TrainedRun {
  readonly summary: TrainingSummary;
  /** From the end of the first step to the end of the last, checkpoints included. */
  readonly seconds: number;
  /** Processor time: of the trainer and its process, what they do between steps included. */
  readonly steps: readonly TimedStep[];
}

/** A training that ended before its last step, with what it said: a loss that is no number, for example. */
export class EndedEarly extends Error {}

/** Trains `run` with a data server and a trainer of one processor each, to the Dice of its held-out cases. Throws EndedEarly. */
export async function train(store: string, runs: string, run: object): Promise<TrainedRun> {
  await using data = await startServer(
    cli,
    ["serve", store, "--port", "0", "--workers", "1", "--json", "--log-level", "silent"],
    PROCESSORS.data,
  );
  await using trainer = await startServer(
    cli,
    ["trainer", "--port", "0", "--runs", runs, "--threads", "1", "--json", "--log-level", "silent"],
    PROCESSORS.trainer,
  );
  const channel = openChannel(trainer.address);
  try {
    const asked = { run: Buffer.from(JSON.stringify(run)), data: [data.address], resume: "", key: "" };
    const { training } = await callUnary(channel, "TrainerService", "startTraining", asked);
    const tally = new SummaryTally();
    const steps: TimedStep[] = [];
    let used = 0;
    let first: number | undefined;
    let last = 0;
    for await (const event of callStream(channel, "TrainerService", "watchTraining", { training, inShort: false })) {
      if (event.kind === undefined || event.kind === "steps") continue;
      tally.add(event);
      if (event.kind === "step") {
        const { stage, stepMs, waitedMs } = event.step;
        const usedBefore = used;
        used = await processorSecondsOfAll(trainer.process.pid as number);
        steps.push({ stage, ms: stepMs + waitedMs, waitedMs, processorMs: 1000 * (used - usedBefore) });
        last = performance.now();
        first ??= last;
      }
      if (event.kind === "state" && event.state.state === "TRAINING_STATE_FAILED")
        throw new EndedEarly(event.state.message);
    }
    return { summary: tally.summary, seconds: (last - (first ?? last)) / 1000, steps };
  } finally {
    channel.client.close();
  }
}
