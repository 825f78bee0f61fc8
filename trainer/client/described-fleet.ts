import type { FleetStanding, ReplicaStanding } from "../../client/types.js";
import type { Fleet, Replica } from "../../proto/messages.js";
import { TIMELINE_NAMES } from "../../rpc/timeline-names.js";
import { replicaWord } from "../replica-words.js";

/** How the data servers of a training do, as its process saw them. */
export interface TrainingFleet extends FleetStanding {
  /** Milliseconds since then: about a second, and more where a step keeps the process busy. */
  readonly ageMs: number;
}

/** What a trainer says of data servers, in words; undefined where it says nothing. */
export function describedFleet(fleet: Fleet | null): TrainingFleet | undefined {
  if (fleet === null) return undefined;
  const { replicas, awaited, ageMs } = fleet;
  const timeline = awaited?.timeline === TIMELINE_NAMES.val ? ("val" as const) : ("train" as const);
  return {
    replicas: replicas.map(describedReplica),
    ...(awaited !== null && { awaited: { ...awaited, timeline } }),
    ageMs,
  };
}

function describedReplica({ state, failure, failureAgeMs, ...counts }: Replica): ReplicaStanding {
  return {
    ...counts,
    state: replicaWord(state),
    ...(failure !== "" && { failure: { message: failure, ageMs: failureAgeMs } }),
  };
}
