import { setTimeout } from "node:timers/promises";
import { quantile } from "simple-statistics";
import { connect, type DataSpecInput, type Run } from "../../client/index.js";
import { startServer } from "../child.js";
import { type Figures, figures } from "../figures.js";

/** Batches of a stage: half of them for the stream to settle, half to tell the normal interval by. */
const STAGE_STEPS = 24;
const SETTLED = STAGE_STEPS / 2;
const WARM_UP_STEPS = 4;
/** The waits of a change: before the last batch of the old stage and the first two of the new one. */
const WAITS = 3;

export type Change = "scheduled" | "immediate";

export interface ChangeTrial {
  readonly store: string;
  /** The `data` part of a run spec, whose stages are gone through in order. */
  readonly data: DataSpecInput;
  readonly change: Change;
  /** What the consumer takes for a batch. */
  readonly stepMs: number;
  readonly workers: number;
  /** Times that the stages are gone through. */
  readonly rounds: number;
}

export interface ChangeFigures {
  /** Longest of the three waits of a change / normal interval. */
  readonly atChange: Figures;
  /** The same of three waits in the middle of a stage. */
  readonly elsewhere: Figures;
  /** Batches that were cut and not delivered, a change. */
  readonly thrownAway: number;
}

/** A batch that was taken. */
interface Taken {
  /** Since the one before it was taken. */
  readonly intervalMs: number;
  /** Since the consumer was done with the one before it; announcing a stage is part of it. */
  readonly waitedMs: number;
}

/** Goes through the stages of a run over the wire, and compares the waits at changes of stage with normal intervals. */
export async function measureChanges(trial: ChangeTrial): Promise<ChangeFigures> {
  const cli = new URL("../../cli/main.js", import.meta.url).pathname;
  const flags = ["--workers", `${trial.workers}`, "--metrics-port", "0", "--json"];
  await using server = await startServer(cli, ["serve", trial.store, ...flags]);
  await using client = connect(server.address);
  const { stages } = (await client.describeRun(trial.data)).spec;
  const goThrough = async (seed: number, stageSteps: number) => {
    await using run = await client.openRun({ ...trial.data, seed, epochs: stages.length, stepsPerEpoch: stageSteps });
    return takeAll(run, stageSteps, trial);
  };
  await goThrough(0, WARM_UP_STEPS);
  const cutBefore = await batchesCut(server.metrics);
  const atChange: number[] = [];
  const elsewhere: number[] = [];
  let taken = 0;
  for (let round = 1; round <= trial.rounds; round++) {
    const batches = await goThrough(round, STAGE_STEPS);
    taken += batches.length;
    const normalMs = stages.map((_, stage) => normalInterval(batches, stage * STAGE_STEPS));
    for (let stage = 1; stage < stages.length; stage++) {
      const [old, now] = [normalMs[stage - 1] as number, normalMs[stage] as number];
      const start = stage * STAGE_STEPS;
      atChange.push(longestWait(batches, start) / Math.max(old, now));
      elsewhere.push(longestWait(batches, start + SETTLED) / now);
    }
  }
  const thrownAway = ((await batchesCut(server.metrics)) - cutBefore - taken) / atChange.length;
  return { atChange: figures(atChange), elsewhere: figures(elsewhere), thrownAway };
}

async function takeAll(run: Run, stageSteps: number, { change, stepMs }: ChangeTrial): Promise<Taken[]> {
  const taken: Taken[] = [];
  // A decision from the first step on keeps the schedule from changing anything.
  const decisions = change === "immediate" ? [{ stage: 0, fromStep: 0, reason: "benchmark", hold: true }] : [];
  let [lastMs, askedMs] = [performance.now(), performance.now()];
  for await (using batch of run.batches({ decisions })) {
    const { step, stage } = batch;
    const nowMs = performance.now();
    taken.push({ intervalMs: nowMs - lastMs, waitedMs: nowMs - askedMs });
    const wanted = Math.floor(step / stageSteps);
    if (stage !== wanted) throw new Error(`step ${step} came with stage ${stage} where ${wanted} was wanted`);
    lastMs = nowMs;
    if (stepMs > 0) await setTimeout(stepMs);
    askedMs = performance.now();
    const next = Math.floor((step + 1) / stageSteps);
    if (change === "immediate" && next !== stage && next < run.info.spec.stages.length)
      await run.changeStage({ stage: next, fromStep: "immediate", reason: "benchmark", hold: true });
  }
  return taken;
}

/** Median milliseconds from batch to batch in the second half of the stage that begins at step `start`. */
function normalInterval(batches: readonly Taken[], start: number): number {
  const settled = batches.slice(start + SETTLED, start + STAGE_STEPS);
  return quantile(
    settled.map(({ intervalMs }) => intervalMs),
    0.5,
  );
}

/** Of the batch before step `start`, and of those from there on. */
function longestWait(batches: readonly Taken[], start: number): number {
  return Math.max(...batches.slice(start - 1, start - 1 + WAITS).map(({ waitedMs }) => waitedMs));
}

/** What the server's engine has cut since it started. */
async function batchesCut(metrics: string | undefined): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return Number(/^patchstream_engine_batches_cut_total (\d+)$/m.exec(text)?.[1]);
}
