/**
 * `patchstream trainer --engine-module in-turns.js`: takes every step twice, once on the batch that came and once, right after it, on a batch of its size that
 * lies in memory. What a training takes beside its steps is so held against the same steps at the same moment: a machine's speed drifts
 * by more within a minute than what is measured here. The data server stands still meanwhile, so that it has no more time than in a training.
 */
import { appendFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type Model, openTrainingEngine, type TrainingBatch, type TrainingEngine } from "../../trainer/index.js";

/** Where `openEngine` writes what it measures, a line for each step, and the process that stands still. */
export interface InTurnsEnvironment {
  readonly IN_TURNS_FILE: string;
  readonly IN_TURNS_SERVER: string;
}

/** One step of a training, in milliseconds. */
export interface StepInTurns {
  /** From the end of what came before to the end of the step on the batch that came. Absent for a process's first step. */
  readonly trainingMs?: number;
  /** The step on a batch in memory. */
  readonly inMemoryMs: number;
}

/** Batches of a size that are kept in memory: as many as a processor's cache cannot hold at once from 24x24x24 on. */
const KEPT = 3;

class KeptBatches {
  readonly #bySize = new Map<string, TrainingBatch[]>();
  #turn = 0;

  /** One of the first batches of this one's size, in turns. */
  ofSize(batch: TrainingBatch): TrainingBatch {
    const size = [batch.batchSize, ...batch.patchSize].join("x");
    const kept = this.#bySize.get(size) ?? [];
    this.#bySize.set(size, kept);
    if (kept.length < KEPT) kept.push({ ...batch, image: batch.image.slice(), label: batch.label.slice() });
    return kept[this.#turn++ % kept.length] as TrainingBatch;
  }
}

function inTurns(model: Model, { IN_TURNS_FILE, IN_TURNS_SERVER }: InTurnsEnvironment): Model {
  const kept = new KeptBatches();
  let began: number | undefined;
  return {
    async step(batch, settings) {
      const result = await model.step(batch, settings);
      const ended = performance.now();
      process.kill(Number(IN_TURNS_SERVER), "SIGSTOP");
      try {
        const inMemory = kept.ofSize(batch);
        const beganInMemory = performance.now();
        await model.step(inMemory, settings);
        const step: StepInTurns = {
          ...(began !== undefined && { trainingMs: ended - began }),
          inMemoryMs: performance.now() - beganInMemory,
        };
        appendFileSync(IN_TURNS_FILE, `${JSON.stringify(step)}\n`);
      } finally {
        process.kill(Number(IN_TURNS_SERVER), "SIGCONT");
      }
      began = performance.now();
      return result;
    },
    validate: (batch) => model.validate(batch),
    predict: (image, batchSize, patchSize) => model.predict(image, batchSize, patchSize),
    save: () => model.save(),
    load: (state) => model.load(state),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

/** The engine of the service, by the environment that it was started with. */
export async function openEngine(): Promise<TrainingEngine> {
  const engine = await openTrainingEngine("onnx", () => undefined);
  const environment = process.env as NodeJS.ProcessEnv & InTurnsEnvironment;
  return {
    name: engine.name,
    createModel: async (network, options) => inTurns(await engine.createModel(network, options), environment),
  };
}
