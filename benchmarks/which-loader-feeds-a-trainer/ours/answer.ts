import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Proof, Taken } from "../job.js";

/** A batch as a consumer sees it, until it asks for the next one. */
export interface LoadedBatch {
  /** (B,C,Z,Y,X). */
  readonly imageShape: readonly number[];
  readonly label: Uint8Array;
}

export type OpenLoader = (job: Job) => AsyncGenerator<LoadedBatch>;

interface Request {
  open?: Job;
  prove?: { samples: number };
  take?: { seconds: number };
  train?: { steps: number; stepSeconds: number };
}

async function next(batches: AsyncGenerator<LoadedBatch>): Promise<LoadedBatch> {
  const { value, done } = await batches.next();
  if (done) throw new Error("the loader ended");
  return value;
}

async function take(batches: AsyncGenerator<LoadedBatch>, { seconds }: { seconds: number }): Promise<Taken> {
  const batchSeconds: number[] = [];
  let samples = 0;
  let voxels = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let before = start; before - start < seconds * 1000; ) {
    const { imageShape } = await next(batches);
    const now = performance.now();
    batchSeconds.push((now - before) / 1000);
    samples += imageShape[0] as number;
    voxels += imageShape.reduce((product, extent) => product * extent, 1);
    before = now;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { batchSeconds, cpuSeconds: (user + system) / 1e6, samples, voxels };
}

async function train(
  batches: AsyncGenerator<LoadedBatch>,
  { steps, stepSeconds }: { steps: number; stepSeconds: number },
): Promise<{ seconds: number }> {
  const step = async () => {
    await next(batches);
    await sleep(stepSeconds * 1000);
  };
  await step();
  const start = performance.now();
  for (let i = 0; i < steps; i++) await step();
  return { seconds: (performance.now() - start) / 1000 };
}

async function prove(batches: AsyncGenerator<LoadedBatch>, { samples }: { samples: number }): Promise<Proof> {
  let seen = 0;
  let foregroundSamples = 0;
  for (;;) {
    const { imageShape, label } = await next(batches);
    const inBatch = imageShape[0] as number;
    const voxels = label.length / inBatch;
    for (let sample = 0; sample < inBatch; sample++)
      if (label.subarray(sample * voxels, (sample + 1) * voxels).some((value) => value > 0)) foregroundSamples++;
    seen += inBatch;
    if (seen >= samples)
      return { samples: seen, foregroundSamples, imageShape, imageType: "float32", labelType: "uint8" };
  }
}

/** Answers requests, one JSON object a line, until the input ends: what `peers/arm.py` does for a peer. */
export async function answerRequests(openLoader: OpenLoader): Promise<void> {
  let batches: AsyncGenerator<LoadedBatch> | undefined;
  const opened = () => {
    if (batches === undefined) throw new Error("no loader is open");
    return batches;
  };
  const answer = async (request: Request): Promise<object> => {
    if (request.prove) return prove(opened(), request.prove);
    if (request.take) return take(opened(), request.take);
    if (request.train) return train(opened(), request.train);
    await batches?.return(undefined);
    batches = request.open && openLoader(request.open);
    return {};
  };
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Request))}\n`);
  await batches?.return(undefined);
}
