import { readdirSync } from "node:fs";
import { join } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import type { TrainingDamage, TrainingState } from "../../proto/messages.js";
import type { RunSpec } from "../spec.js";
import { CHECKPOINT_FILES, readCheckpointHeader } from "./checkpoint.js";
import { DECISIONS_FILE, readDecisions } from "./decision-log.js";
import { EVENTS_FILE, EventLog } from "./event-log.js";
import type { TrainingEvent } from "./events.js";
import { REQUEST_FILE, readRequest, type TrainingRequest } from "./request.js";

/** A training at rest, as its folder tells it. */
export interface RestingRun {
  readonly request: TrainingRequest;
  readonly spec: RunSpec;
  readonly events: EventLog;
  readonly state: TrainingState;
  /** It ended with its trainer, and its events do not say so. */
  readonly wasCutShort: boolean;
}

/** True where a training has written; anything else in a runs folder is left alone. Throws what the system answers. */
export function isRunFolder(folder: string): boolean {
  const known = [REQUEST_FILE, EVENTS_FILE, DECISIONS_FILE, CHECKPOINT_FILES.latest];
  return readdirSync(folder).some((name) => known.includes(name));
}

/**
 * Opens a training at rest. What it would go on from is looked at, cheaply: the request, the decisions, the end of the events,
 * the header and the length of the checkpoint. Throws for the first that cannot be read; `damageOf` tells it.
 */
export function openRunFolder(folder: string): RestingRun {
  const { request, spec } = readRequest(folder);
  readDecisions(folder);
  readCheckpointHeader(folder);
  const events = new EventLog(folder, { ended: true });
  return { request, spec, events, ...stateAtRest(events.readLast()) };
}

/** How a training stands that nothing runs: as its last event says, unless that was cut short. */
function stateAtRest(last: TrainingEvent | undefined): Pick<RestingRun, "state" | "wasCutShort"> {
  const state = last?.kind === "state" ? last.state.state : "TRAINING_STATE_RUNNING";
  const wasCutShort = state === "TRAINING_STATE_RUNNING" || state === "TRAINING_STATE_QUEUED";
  return { state: wasCutShort ? "TRAINING_STATE_INTERRUPTED" : state, wasCutShort };
}

/** What a failure to read something in `folder` says of it, in one line. */
export function damageOf(error: unknown, folder: string): TrainingDamage {
  if (
    error instanceof PatchstreamError &&
    (error.facts.code === "INPUT_DAMAGED" || error.facts.code === "WRITE_FAILED")
  )
    return { file: error.facts.file, reason: error.facts.reason };
  const { path, message } = error as NodeJS.ErrnoException;
  return { file: path ?? folder, reason: message };
}

/** True where `error` is about a file in `folder` that cannot be read. */
export function isDamageIn(error: unknown, folder: string): error is PatchstreamError {
  return (
    error instanceof PatchstreamError &&
    error.facts.code === "INPUT_DAMAGED" &&
    error.facts.file.startsWith(join(folder, "/"))
  );
}
