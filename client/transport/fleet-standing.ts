import type { AwaitedBatch, FleetStanding, ReplicaStanding, ReplicaState } from "../types.js";
import type { Replica } from "./replica.js";

/** What a stream of a run knows of a replica now. */
export interface LinkStanding {
  readonly replica: Replica;
  readonly state: ReplicaState;
  readonly owed: number;
  readonly msPerByte: number | undefined;
}

/** What a stream of a run knows now. */
export interface SessionStanding {
  readonly links: readonly LinkStanding[];
  /** Where its caller waits. */
  readonly awaited?: AwaitedBatch;
}

/** Of several streams to one replica the first of these counts. */
const WORST_FIRST: readonly ReplicaState[] = ["refused", "lost", "silent", "leaving", "opening", "serving"];

/** How replicas do, from what all streams know of them. The batch that was waited for longest is the awaited one. */
export function fleetStanding(replicas: readonly Replica[], sessions: readonly SessionStanding[]): FleetStanding {
  const links = sessions.flatMap((session) => session.links);
  const [awaited] = sessions
    .flatMap((session) => session.awaited ?? [])
    .toSorted((one, other) => other.waitedMs - one.waitedMs);
  return {
    replicas: replicas.map((replica) =>
      replicaStanding(
        replica,
        links.filter((link) => link.replica === replica),
      ),
    ),
    ...(awaited && { awaited }),
  };
}

function replicaStanding({ address, tally }: Replica, links: readonly LinkStanding[]): ReplicaStanding {
  const { batches, bytes, sharedBatches, damagedBatches, failovers, heardMs, servedMs, failure } = tally;
  const msPerByte = links.find((link) => link.msPerByte !== undefined)?.msPerByte;
  return {
    address,
    state: WORST_FIRST.find((state) => links.some((link) => link.state === state)) ?? "idle",
    ...{ batches, bytes, sharedBatches, damagedBatches, failovers },
    owed: links.reduce((sum, { owed }) => sum + owed, 0),
    ...(heardMs !== undefined && { heardMs }),
    ...(msPerByte !== undefined && msPerByte > 0 && { bytesPerSecond: 1000 / msPerByte }),
    ...(servedMs !== undefined && { servedMs }),
    ...(failure && { failure }),
  };
}
