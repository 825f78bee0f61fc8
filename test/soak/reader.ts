import { setTimeout as pause } from "node:timers/promises";
import { connect, type DataClient } from "../../client/index.js";
import { seeded } from "../conformance/seeded.js";
import { FAULT_RUN, RUN_STEPS } from "../faults/small-run.js";

/**
 * A client that reads one run again and again: `node reader.js QUIET ADDRESS...`. Its first readings are of QUIET, undisturbed, a whole one at
 * every stage; every batch later must have the checksum that the same step had there at the same stage. Says a line of JSON after each reading.
 */
const [quiet = "", ...addresses] = process.argv.slice(2);

/** What it says. */
export interface Reading {
  readonly reading: number;
  readonly batches: number;
  readonly stageChanges: number;
  /** Batches with other bytes than before, and batches out of order, in words. */
  readonly wrong: readonly string[];
}

const PACE_MS = 10;
const READINGS_OF_A_CLIENT = 5;
const CHANGE_SHARE = 0.02;
const stages = FAULT_RUN.stages.length;
const checksums = Array.from({ length: stages }, () => new Uint32Array(RUN_STEPS));
const random = seeded(1);

async function readQuiet(): Promise<void> {
  await using client = connect(quiet);
  for (const [stage, ofStage] of checksums.entries()) {
    await using run = await client.openRun(FAULT_RUN);
    const decisions = [{ stage, fromStep: 0, reason: "soak", hold: true }];
    for await (using batch of run.batches({ decisions })) ofStage[batch.step] = batch.checksum;
  }
}

async function readOnce(client: DataClient, reading: number): Promise<Reading> {
  const wrong: string[] = [];
  let [next, stageChanges] = [0, 0];
  await using run = await client.openRun(FAULT_RUN, { creditBatches: 4 });
  for await (using batch of run.batches()) {
    const { step, stage, checksum } = batch;
    if (step !== next++) wrong.push(`step ${step} came in place of ${next - 1}`);
    if (checksums[stage]?.[step] !== checksum) wrong.push(`step ${step} of stage ${stage} has other bytes`);
    if (random() < CHANGE_SHARE && run.firstUnwanted < RUN_STEPS) {
      await run.changeStage({ stage: Math.floor(random() * stages), hold: false, reason: "soak" });
      stageChanges++;
    }
    await pause(PACE_MS);
  }
  if (next !== RUN_STEPS) wrong.push(`${next} batches came of ${RUN_STEPS}`);
  return { reading, batches: next, stageChanges, wrong };
}

await readQuiet();
for (let reading = 0; ; ) {
  await using client = connect(addresses);
  for (let ofClient = 0; ofClient < READINGS_OF_A_CLIENT; ofClient++, reading++)
    process.stdout.write(`${JSON.stringify(await readOnce(client, reading))}\n`);
}
