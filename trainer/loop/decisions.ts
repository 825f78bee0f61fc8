import type { Run } from "../../client/types.js";
import { type StageDecision, StageTimeline, scheduleOf } from "../../plan/batch/stage-timeline.js";
import { checkStage, checkStep, stagesOf, stepsOf } from "../../plan/batch/timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { DecisionLog, LoggedDecision } from "../run-folder/decision-log.js";
import type { TrainingEvent } from "../run-folder/events.js";
import type { Plateau } from "../run-folder/progress.js";
import type { Control } from "../spec.js";
import { whyAdvance } from "./adaptive.js";
import type { StageRequest, StageRequests } from "./stage-requests.js";

export interface DecisionOptions {
  /** The open run; not disposed here. */
  readonly run: Run;
  readonly control: Control;
  /** Decisions made before are replayed; new ones are on disk before they are told. */
  readonly log: DecisionLog;
  readonly emit: (event: TrainingEvent) => void;
  /** Transitions by hand, answered between two steps; refused when all steps are taken. */
  readonly stageRequests: StageRequests;
  /** Told in one line what carries the batches, and what the training goes on in spite of. */
  readonly notice: (line: string) => void;
}

/** Which stage each step has, by what is decided until now. */
export function timelineOf(
  { run, log }: Pick<DecisionOptions, "run" | "log">,
  more: readonly StageDecision[] = [],
): StageTimeline {
  return new StageTimeline(scheduleOf(run.info.spec, "train"), [...log.decisions, ...more]);
}

/** A decision as watchers are told it. */
export function decidedEvent(decided: LoggedDecision): TrainingEvent {
  return { kind: "decided", decided };
}

/** The one way to a decision: on disk first, then told. Throws WRITE_FAILED, and nothing is decided then. */
function settle(decision: LoggedDecision, { log, emit }: DecisionOptions): void {
  log.append([decision]);
  emit(decidedEvent(decision));
}

/**
 * Tells the data servers of a decision. One that does not answer changes nothing about it: wants name
 * the stage of their step.
 */
async function announce(decision: LoggedDecision, { run, notice }: DecisionOptions): Promise<void> {
  try {
    await run.changeStage(decision);
  } catch (error) {
    const { stage, fromStep } = decision;
    const reason = error instanceof Error ? error.message : String(error);
    notice(`stage ${stage} from step ${fromStep} was not confirmed by every data server: ${reason}`);
  }
}

/** Where the schedule does not count, the first decision takes its place: stage 0, until another one. */
export function decideBeginning(options: DecisionOptions): void {
  const { control, log } = options;
  if (control.kind === "scheduled" || log.decisions.length > 0) return;
  const text = `training.control is ${control.kind}: the schedule decides nothing`;
  settle({ stage: 0, fromStep: 0, reason: control.kind, hold: true, text }, options);
}

/**
 * Decides one manual transition after `taken` steps, and answers it: it is on disk then, and it holds whether or not a data server
 * is told.
 */
function decideByHand(request: StageRequest, taken: number, options: DecisionOptions): LoggedDecision {
  const { run, control } = options;
  const { spec } = run.info;
  const fromStep = request.fromStep ?? Math.max(run.firstUnwanted, taken);
  if (fromStep < taken) throw new PatchstreamError({ code: "STEP_PASSED", step: fromStep, delivered: taken - 1 });
  checkStep(spec, "train", fromStep);
  const stage = request.stage ?? timelineOf(options).stageOf(fromStep) + 1;
  checkStage(spec, "train", stage);
  const hold = request.hold || control.kind !== "scheduled";
  const change = { stage, fromStep, reason: "manual", hold };
  const scheduleFrom = timelineOf(options, [change]).resumes(change, stepsOf(spec, "train"));
  const then = scheduleFrom === undefined ? "" : `; the schedule goes on at step ${scheduleFrom}`;
  const decision = { ...change, text: `by hand, after step ${taken - 1}${then}` };
  settle(decision, options);
  request.resolve({ ...change, ...(scheduleFrom !== undefined && { scheduleFrom }) });
  return decision;
}

/** Answers the transitions by hand that were asked for until now, after `taken` steps. */
export async function answerStageRequests(taken: number, options: DecisionOptions): Promise<void> {
  for (const request of options.stageRequests.take()) {
    try {
      await announce(decideByHand(request, taken, options), options);
    } catch (error) {
      request.reject(error);
    }
  }
}

/**
 * Advances the stage under adaptive control after an epoch that ended with step `taken` - 1, where `plateau` asks for it: the next epoch begins with
 * the next stage. A decision that is there for the next step or a later one goes before: it was made by hand, or before this training
 * was resumed.
 */
export async function advanceWhereDue(plateau: Plateau, taken: number, options: DecisionOptions): Promise<void> {
  const { run, control } = options;
  const { spec } = run.info;
  const stage = plateau.stage + 1;
  if (control.kind !== "adaptive" || stage > stagesOf(spec, "train").last || taken === stepsOf(spec, "train")) return;
  if (timelineOf(options).decisions.some(({ fromStep }) => fromStep >= taken)) return;
  const scheduled = spec.stages[plateau.stage]?.epochs ?? 0;
  const { mostEpochs = Math.max(control.leastEpochs, scheduled) } = control;
  const text = whyAdvance(plateau, { ...control, mostEpochs });
  if (text === undefined) return;
  const decision = { stage, fromStep: taken, reason: control.kind, hold: true, text };
  settle(decision, options);
  await announce(decision, options);
}
