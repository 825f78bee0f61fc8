/**
 * A process that trains without an accelerator: `node trainer.js '{"data": ..., "stepMs": ..., "addresses": [...]}'`. It sleeps a step's time for
 * each batch of the run, and says a line of JSON for each step.
 */
import { setTimeout as pause } from "node:timers/promises";
import { connect, type DataSpecInput } from "../../client/index.js";

export interface TrainerOrder {
  readonly data: DataSpecInput;
  readonly stepMs: number;
  readonly addresses: readonly string[];
}

/** A step that was taken. */
export interface TakenStep {
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly samples: number;
  /** Milliseconds for which it waited for its batch, and then trained. */
  readonly waitedMs: number;
  readonly trainedMs: number;
}

const { data, stepMs, addresses } = JSON.parse(process.argv[2] ?? "") as TrainerOrder;
await using client = connect(addresses);
await using run = await client.openRun(data);
const batches = run.batches();
await (await batches.next()).value?.[Symbol.dispose](); // connections are made
for (;;) {
  const askedMs = performance.now();
  const { value: batch } = await batches.next();
  const gotMs = performance.now();
  if (batch === undefined) break;
  const { stage, patchSize, globalBatch: samples } = batch;
  batch[Symbol.dispose]();
  await pause(stepMs);
  const taken: TakenStep = {
    stage,
    patchSize,
    samples,
    waitedMs: gotMs - askedMs,
    trainedMs: performance.now() - gotMs,
  };
  process.stdout.write(`${JSON.stringify(taken)}\n`);
}
process.exit();
