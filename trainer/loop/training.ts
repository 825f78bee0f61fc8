import { connect } from "../../client/connect.js";
import type { ConnectOptions, FleetStanding } from "../../client/types.js";
import { stepsOf } from "../../plan/batch/timeline.js";
import { stepOfStage } from "../../plan/curriculum/schedule.js";
import { openTracing } from "../../rpc/tracing/open-tracing.js";
import { parameterCount } from "../engines/model-state.js";
import { openChosenEngine } from "../engines/module.js";
import { evaluateCases, foregroundClasses } from "../evaluation/evaluate.js";
import { scoredClasses } from "../evaluation/scores.js";
import { storedCase } from "../evaluation/stored-case.js";
import { mirrorAxes } from "../inference/mirror.js";
import { predictBySlidingWindow } from "../inference/sliding-window.js";
import { stepFlops } from "../model-report.js";
import { listParameters } from "../networks/parameters.js";
import { checkSameOptimizer, checkSameRun, readCheckpoint, writeCheckpoint } from "../run-folder/checkpoint.js";
import { DecisionLog } from "../run-folder/decision-log.js";
import type { TrainingEvent } from "../run-folder/events.js";
import { beginHeldOut, endHeldOut, keepHeldOut } from "../run-folder/held-out.js";
import { labelsRecord } from "../run-folder/labels-record.js";
import { trainedOn } from "../run-folder/trained-on.js";
import { TrainingLog } from "../run-folder/training-log.js";
import type { RunSpec } from "../spec.js";
import { checkControl, isValidated } from "./check-control.js";
import { decidedEvent } from "./decisions.js";
import { labelOptions } from "./label-options.js";
import { train } from "./loop.js";
import { mirroringWarning } from "./mirroring-warning.js";
import { networkFor, networkSize } from "./network-for.js";
import type { StageRequests } from "./stage-requests.js";
import { tellFleet } from "./tell-fleet.js";
import { VALIDATION_CREDIT, ValidationBatches } from "./validation.js";

/** What one training is, and with what it is trained. */
export interface TrainingJob {
  /** The training's own folder. Its checkpoint and its decisions are written here, by nobody else. */
  readonly folder: string;
  /** Addresses of data servers of one store. */
  readonly data: readonly string[];
  /** How they are reached. */
  readonly connection: ConnectOptions;
  readonly run: RunSpec;
  /** Name of the engine. */
  readonly engine: string;
  /** CPU threads of the engine. */
  readonly threads: number;
  /** Memory that the engine may keep between two steps. */
  readonly keptBytes?: number;
}

export interface TrainingOptions extends TrainingJob {
  readonly emit: (event: TrainingEvent) => void;
  /** Resolves when everything that was emitted is in the training's log. */
  readonly emitted: () => Promise<void>;
  /** Told in one line what nobody asked for: an engine that was passed over, a data server that did not confirm a stage. */
  readonly notice: (line: string) => void;
  /** Told once a second how the data servers do. */
  readonly onFleet: (fleet: FleetStanding) => void;
  readonly stageRequests: StageRequests;
  readonly signal: AbortSignal;
}

/** What `waited` resolves to, unless `signal` aborts first. */
function orAborted<T>(waited: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    waited.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * One training from its first or next step to the Dice of its held-out cases, whatever it needs opened and closed again.
 * Resolves to "done", or to "stopped" when `signal` aborted it; then the checkpoint holds every step taken.
 */
export async function runTraining(options: TrainingOptions): Promise<"done" | "stopped"> {
  const { folder, data, emitted, signal, stageRequests, notice, threads, keptBytes } = options;
  const trainingLog = new TrainingLog(folder, () => new Date());
  const emit = (event: TrainingEvent): void => {
    trainingLog.add(event);
    options.emit(event);
  };
  const settings = options.run.training;
  const checkpoint = await readCheckpoint(folder);
  if (checkpoint) checkSameOptimizer(checkpoint.model.keys(), settings.optimizer);
  const from = checkpoint?.step ?? 0;

  await using client = connect(data, options.connection);
  using _told = tellFleet(client, options.onFleet);
  const described = await client.describeRun(checkpoint?.spec ?? options.run.data, { signal });
  const { spec, specBytes, digest } = described;
  if (checkpoint) checkSameRun(checkpoint, digest);
  // Without the signal: being stopped must not break off what the loop is in the middle of.
  await using run = await orAborted(client.openRun(specBytes), signal);
  checkControl(spec, settings);
  await using validationRun = isValidated(spec, settings)
    ? await orAborted(client.openRun(specBytes, { timeline: "val", creditBatches: VALIDATION_CREDIT }), signal)
    : undefined;
  const dataset = await client.describeDataset({ signal });
  const { labels, channelNames } = dataset;
  const network = checkpoint?.network ?? networkFor(spec, settings, networkSize(dataset));
  const engine = await openChosenEngine(options.engine, notice);
  const batchDice = checkpoint?.batchDice ?? settings.batchDice ?? dataset.batchDice ?? false;
  await using model = await engine.createModel(network, {
    seed: settings.seed,
    batchDice,
    threads,
    ...(keptBytes !== undefined && { keptBytes }),
    ...labelOptions(dataset),
  });
  if (checkpoint) await model.load(checkpoint.model);

  const warning = mirroringWarning(spec.augmentation, labels);
  if (warning) emit({ kind: "warning", warning });
  const stages = spec.stages.map(({ patchSize, batchSize }, i) => ({
    patchSize,
    batchSize,
    fromStep: stepOfStage(spec, i),
    flops: stepFlops(network, { patchSize, batchSize }),
  }));
  const parameters = parameterCount(listParameters(network));
  const { epochs } = spec;
  const steps = stepsOf(spec, "train");
  emit({
    kind: "opened",
    opened: { digest, dataset: spec.dataset, firstStep: from, steps, epochs, stages, engine: engine.name, parameters },
  });

  const log = new DecisionLog(folder);
  const known = checkpoint?.decisions ?? [];
  if (log.decisions.length === 0) log.append(known);
  // Those of steps that are taken again were told, and forgotten with them.
  for (const decision of log.decisions.slice(known.length)) emit(decidedEvent(decision));
  const losses = [...(checkpoint?.losses ?? [])];
  const outcome = await train({
    tracing: await openTracing(),
    run,
    model,
    settings,
    channels: channelNames.length,
    classes: foregroundClasses(dataset),
    control: settings.control,
    validation: validationRun && new ValidationBatches(validationRun),
    log,
    from,
    progress: checkpoint?.progress ?? { epochs: 0 },
    losses,
    emit,
    async checkpoint({ step, progress, isBest }) {
      await emitted(); // a checkpoint must never know of a step that the log does not
      const { decisions } = log;
      const about = { digest, spec, network, batchDice, labels, trainedOn: trainedOn(described, dataset) };
      const held = { step, ...about, decisions, progress, losses, model: await model.save() };
      const bytes = writeCheckpoint(folder, held, { isBest });
      if (isBest) emit({ kind: "checkpoint", checkpoint: { step, bytes, kind: "CHECKPOINT_KIND_BEST" } });
      emit({ kind: "checkpoint", checkpoint: { step, bytes, kind: "CHECKPOINT_KIND_LATEST" } });
    },
    stageRequests,
    notice,
    signal,
  });
  if (outcome === "stopped" || spec.split.val.length === 0) return outcome;

  const { patchSize, batchSize } = spec.plan;
  const window = { patchSize, batchSize, classes: network.classes, mirrorAxes: mirrorAxes(spec), signal };
  const heldOut = spec.split.val.map((id) => storedCase(client, dataset, id, signal));
  const isKept = heldOut.every(({ labelHeader }) => labelHeader !== undefined);
  if (isKept) beginHeldOut(folder, labelsRecord(trainedOn(described, dataset), await model.save()));
  else notice("held-out labels are not kept: the data server is of an older version and does not say where they lie");
  const { evaluated, cases } = await evaluateCases(heldOut, dataset, {
    predict: (image) => predictBySlidingWindow(model, image, window),
    keep: ({ id, labelHeader }, label) => keepHeldOut(folder, id, labelHeader, label),
    tell: (caseEvaluated) => emit({ kind: "caseEvaluated", caseEvaluated }),
  });
  if (isKept) endHeldOut(folder, scoredClasses(dataset), cases);
  emit({ kind: "evaluated", evaluated: { ...evaluated, checkpoint: "CHECKPOINT_KIND_LATEST" } });
  return "done";
}
