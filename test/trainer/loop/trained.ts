import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext, TestFn } from "ava";
import { connect } from "../../../client/connect.js";
import type { DataClient, DataSpecInput } from "../../../client/index.js";
import type { PatchstreamError } from "../../../plan/errors.js";
import type { Model, TrainingBatch, ValidationResult } from "../../../trainer/engines/engine.js";
import { train } from "../../../trainer/loop/loop.js";
import type { LoopOptions, Reached } from "../../../trainer/loop/loop-options.js";
import { StageRequests } from "../../../trainer/loop/stage-requests.js";
import { VALIDATION_CREDIT, ValidationBatches } from "../../../trainer/loop/validation.js";
import { DecisionLog } from "../../../trainer/run-folder/decision-log.js";
import type { TrainingEvent } from "../../../trainer/run-folder/events.js";
import { oneServer } from "../../conformance/served-store.js";

/** A network that learns nothing: step `n` of all that are asked for has the loss `lossOf(n)`. */
export function idleModel({
  lossOf = () => 1,
  validate = async () => ({ loss: 0.5, counts: [] }),
}: {
  lossOf?: (step: number) => number;
  validate?: (batch: TrainingBatch) => Promise<ValidationResult>;
} = {}): Model {
  let steps = 0;
  return {
    step: async () => ({ loss: lossOf(steps++), crossEntropy: 1, dice: 0, gradientNorm: 1 }),
    validate,
    predict: async () => new Float32Array(),
    save: async () => new Map(),
    load: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

export function folderOf(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "patchstream-loop-"));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** One server for all tests of a file, and a client of it: each has a thread, which takes as long to start as a run of these tests. */
export function oneClient(test: TestFn): () => Promise<DataClient> {
  const server = oneServer(test);
  let client: Promise<DataClient> | undefined;
  test.after.always(async () => (await client)?.[Symbol.asyncDispose]());
  return () => {
    client ??= server().then(({ address }) => connect(address, { deadlineMs: 30_000 }));
    return client;
  };
}

/**
 * Trains on the run `spec` of the client's server, with its validation where `validated` says so; and what was told of it: how it ended,
 * events, and what checkpoints were made of.
 */
export async function trained(
  {
    client,
    spec,
    folder,
    validated = false,
  }: { client: DataClient; spec: DataSpecInput; folder: string; validated?: boolean },
  changes: Partial<Omit<LoopOptions, "validation">> = {},
) {
  const events: TrainingEvent[] = [];
  const checkpoints: Reached[] = [];
  const { log = new DecisionLog(folder), emit = () => {} } = changes;
  const end = await train({
    run: await client.openRun(spec, { creditBatches: 2 }),
    model: idleModel(),
    settings: { learningRate: 0.01, momentum: 0.9, weightDecay: 0, gradientClip: 12 },
    channels: 1,
    classes: [
      { name: "Anterior", values: [1], sourceValue: 1 },
      { name: "Posterior", values: [2], sourceValue: 2 },
    ],
    control: { kind: "scheduled" },
    validation: validated
      ? new ValidationBatches(await client.openRun(spec, { timeline: "val", creditBatches: VALIDATION_CREDIT }))
      : undefined,
    from: 0,
    progress: { epochs: 0 },
    losses: [],
    checkpoint: async (reached) => {
      checkpoints.push(reached);
    },
    stageRequests: new StageRequests(),
    notice: () => {},
    signal: new AbortController().signal,
    ...changes,
    log,
    emit(event) {
      events.push(event);
      emit(event);
    },
  }).catch((error: PatchstreamError) => error);
  const steps = events.flatMap((event) => (event.kind === "step" ? [event.step] : []));
  const epochs = events.flatMap((event) => (event.kind === "epoch" ? [event.epoch] : []));
  return { end, events, steps, epochs, checkpoints };
}
