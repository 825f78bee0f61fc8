import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { callStream, callUnary, openChannel } from "../../rpc/index.js";
import { SummaryTally, type TrainingSummary } from "../../trainer/index.js";
import { startServer } from "../child.js";
import type { InTurnsEnvironment, StepInTurns } from "./in-turns.js";

const CLI = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const IN_TURNS = fileURLToPath(new URL("./in-turns.js", import.meta.url));

/** The processors of the data server and of the trainer. */
const PROCESSORS = { data: 0, trainer: 1 };

export interface TrainedRun {
  readonly summary: TrainingSummary;
  /** From the end of the first step to the end of the last, checkpoints included. */
  readonly seconds: number;
  /** The stage of each step. */
  readonly stages: readonly number[];
  /** Each step beside the same on a batch in memory, where that was asked for. */
  readonly steps: readonly StepInTurns[];
}

/** The training of one mode. */
export interface TrainedMode extends TrainedRun {
  readonly mode: string;
}

/** A training that ended before its last step, with what it said: a loss that is no number, for example. */
export class EndedEarly extends Error {}

async function watch(trainer: string, data: string, run: object): Promise<Omit<TrainedRun, "steps">> {
  const channel = openChannel(trainer);
  try {
    const asked = { run: Buffer.from(JSON.stringify(run)), data: [data], resume: "", key: "" };
    const { training } = await callUnary(channel, "TrainerService", "startTraining", asked);
    const tally = new SummaryTally();
    const stages: number[] = [];
    let first: number | undefined;
    let last = 0;
    for await (const event of callStream(channel, "TrainerService", "watchTraining", { training, inShort: false })) {
      if (event.kind === undefined || event.kind === "steps") continue;
      tally.add(event);
      if (event.kind === "step") {
        stages.push(event.step.stage);
        last = performance.now();
        first ??= last;
      }
      if (event.kind === "state" && event.state.state === "TRAINING_STATE_FAILED")
        throw new EndedEarly(event.state.message);
    }
    return { summary: tally.summary, seconds: (last - (first ?? last)) / 1000, stages };
  } finally {
    channel.client.close();
  }
}

/**
 * Trains `run` with a data server and a trainer of one processor each, to the Dice of its held-out cases; `inTurns`: each step on a batch in memory too.
 * Throws EndedEarly.
 */
export async function train(store: string, runs: string, run: object, inTurns: boolean): Promise<TrainedRun> {
  const service = ["--port", "0", "--json", "--log-level", "silent"];
  await using data = await startServer(CLI, ["serve", store, "--workers", "1", ...service], {
    processor: PROCESSORS.data,
  });
  const file = join(dirname(store), "in-turns.jsonl");
  await rm(file, { force: true });
  const environment: InTurnsEnvironment = { IN_TURNS_FILE: file, IN_TURNS_SERVER: String(data.process.pid) };
  const engine = inTurns ? ["--engine-module", IN_TURNS] : ["--engine", "onnx"];
  await using trainer = await startServer(CLI, ["trainer", "--runs", runs, "--threads", "1", ...engine, ...service], {
    processor: PROCESSORS.trainer,
    environment,
  });
  const trained = await watch(trainer.address, data.address, run);
  const lines = inTurns ? (await readFile(file, "utf8")).trim().split("\n") : [];
  return { ...trained, steps: lines.map((line) => JSON.parse(line) as StepInTurns) };
}
