import type { AwaitedBatch, ReplicaStanding } from "../../client/types.js";
import type { Fleet, Replica } from "../../proto/messages.js";
import { TIMELINE_NAMES } from "../../rpc/timeline-names.js";
import { replicaStateOf } from "../replica-words.js";
import type { SeenFleet } from "./running-training.js";

const MOST_MS = 2 ** 32 - 1;

const ms = (value: number): number => Math.min(MOST_MS, Math.max(0, Math.round(value)));

/** How the data servers of a training do, as the wire has it; null where it is not known. */
export function fleetMessage(fleet: SeenFleet | undefined): Fleet | null {
  if (fleet === undefined) return null;
  const { standing, seenMs } = fleet;
  const { replicas, awaited } = standing;
  return {
    replicas: replicas.map(replicaMessage),
    awaited: awaited === undefined ? null : awaitedMessage(awaited),
    ageMs: ms(performance.now() - seenMs),
  };
}

function replicaMessage({ state, heardMs, failure, ...counts }: ReplicaStanding): Replica {
  return {
    ...counts,
    state: replicaStateOf(state),
    ...(heardMs !== undefined && { heardMs: ms(heardMs) }),
    failure: failure?.message ?? "",
    failureAgeMs: ms(failure?.ageMs ?? 0),
  };
}

function awaitedMessage({ timeline, waitedMs, ...batch }: AwaitedBatch): Fleet["awaited"] {
  return { ...batch, timeline: TIMELINE_NAMES[timeline], waitedMs: ms(waitedMs) };
}
